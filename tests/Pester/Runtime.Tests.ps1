# libtorch, which the module does not carry: what works without it, how it is installed, and the whole way from a package to a result.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    . (Join-Path $PSScriptRoot 'RuntimeSupport.ps1')
    $module = Copy-ModuleWithoutTorch (New-TestFolder)
    $lora = Get-SamplePath 'lora'
}

Describe 'Without libtorch' {
    BeforeAll {
        $told = Invoke-ModuleScript $module (New-TestFolder) @"
foreach (`$command in
    { Resize-Lora '$lora' -Recipe 'spn_lora=1,thr=-0.7' },
    { Measure-LoraResize '$lora' -Recipe 'spn_lora=1,thr=-0.7' },
    { Get-LoraSpectrum '$lora' },
    { Export-LoraSpectrum '$lora' -OutputDirectory . },
    { Show-LoraSpectrum '$lora' },
    { Compare-Lora '$lora' '$lora' },
    { Get-LoraInfo '$lora' },
    { New-ResizeRecipe 'spn_lora=1,thr=-0.7' },
    { Merge-Lora '$lora' },
    { Convert-Lora '$lora' -Naming Diffusers -DType Float32 -WhatIf },
    { Get-Help Resize-Lora },
    { TabExpansion2 'Resize-Lora -Device ' 20 }) {
    `$name = [regex]::Match("`$command", '[\w-]+').Value
    try { `$result[`$name] = [bool] (& `$command 3>`$null 6>`$null) ? 'works' : 'gives nothing' }
    catch { `$result[`$name] = "`$(`$_.FullyQualifiedErrorId.Split(',')[0]): `$_" }
}
"@
    }

    It '<_> says in one line what is missing and what brings it' -ForEach @(
        'Resize-Lora', 'Measure-LoraResize', 'Get-LoraSpectrum', 'Export-LoraSpectrum', 'Show-LoraSpectrum', 'Compare-Lora'
    ) {
        $told.$_ | Should -Match '^RuntimeMissing: libtorch [\d.]+, which computes, is missing on this machine \([\w-]+\)\. Install-ResizeLoraRuntime brings it\.$'
    }

    It '<_> works' -ForEach 'Get-LoraInfo', 'New-ResizeRecipe', 'Merge-Lora', 'Get-Help', 'TabExpansion2' {
        $told.$_ | Should -Be 'works'
    }

    It 'Convert-Lora of names works' {
        $told.'Convert-Lora' | Should -Be 'gives nothing'
        $out = New-TestFolder
        (Invoke-ModuleScript $module (New-TestFolder) "`$result.File = (Convert-Lora '$lora' -Naming Diffusers -DType Float32 -OutputDirectory '$out').Path").File |
            Should -Exist
    }

    It 'many files are one error, not one each' {
        $folder = [System.IO.Path]::GetDirectoryName($lora)
        (Invoke-ModuleScript $module (New-TestFolder) @"
try { Get-ChildItem '$folder' -Filter 'l*.safetensors' | Get-LoraSpectrum -ErrorVariable errors } catch { `$result.Ended = `$true }
`$result.Count = `$errors.Count
"@).psobject.Properties.Value | Should -Be @($true, 1)
    }

    It 'a folder that RESIZELORA_RUNTIME names is taken, whatever else there is' {
        $script = "try { `$result.Count = @(Get-LoraSpectrum '$lora').Count } catch { `$result.Error = `"`$(`$_.FullyQualifiedErrorId.Split(',')[0])`" }"
        (Invoke-ModuleScript $module (New-TestFolder) "`$env:RESIZELORA_RUNTIME = '$torchFolder'; $script").Count | Should -Be 51
        (Invoke-ModuleScript $module (New-TestFolder) "`$env:RESIZELORA_RUNTIME = '$(New-TestFolder)'; $script").Error | Should -Be 'RuntimeFolderEmpty'
    }
}
