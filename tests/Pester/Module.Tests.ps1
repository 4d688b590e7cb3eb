# The module itself: what it exports, and that importing it is cheap and disturbs nobody.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    $manifest = [System.IO.Path]::GetFullPath((Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1'))
    Import-Module $manifest
    $lora = Get-SamplePath 'lora'
    $cmdlets = @(
        'Compare-Lora', 'Convert-Lora', 'Export-LoraSpectrum', 'Get-CheckpointNorm', 'Get-LoraInfo', 'Get-LoraSpectrum'
        'Install-ResizeLoraRuntime', 'Measure-LoraResize', 'Merge-Lora', 'New-ResizeRecipe', 'Resize-Lora', 'Show-LoraSpectrum'
        'Uninstall-ResizeLoraRuntime'
    )

    # The contexts into which an assembly of that name is loaded.
    function Get-LoadContext([string] $AssemblyName) {
        [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq $AssemblyName } |
            ForEach-Object { [System.Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_) }
    }
}

Describe 'The module ResizeLora' {
    It 'has a valid manifest for PowerShell 7.4 and later' {
        $checked = Test-ModuleManifest $manifest
        $checked.Name | Should -Be 'ResizeLora'
        $checked.PowerShellVersion | Should -Be ([version] '7.4')
        $checked.CompatiblePSEditions | Should -Be 'Core'
        $checked.Description | Should -Not -BeNullOrEmpty
    }

    It 'says where its project, its licence, its icon and its changes are' {
        $module = Get-Module ResizeLora
        $module.ProjectUri.Scheme | Should -Be 'https'
        "$($module.LicenseUri)" | Should -Be "$($module.ProjectUri)/blob/main/LICENSE"
        $module.ReleaseNotes | Should -Be "$($module.ProjectUri)/blob/main/CHANGELOG.md"
        "$($module.IconUri)" | Should -Be "$($module.ProjectUri)/raw/main/docs/images/icon.png"
        foreach ($file in 'LICENSE', 'CHANGELOG.md', 'docs/images/icon.png') { Join-Path $PSScriptRoot '..' '..' $file | Should -Exist }
    }

    It 'has a manifest that is valid in the source tree too, as script analysers read it there' {
        $problems = @()
        $source = [System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'src', 'ResizeLora.PowerShell', 'ResizeLora.psd1')
        (Test-ModuleManifest $source -ErrorVariable problems -ErrorAction SilentlyContinue).Name | Should -Be 'ResizeLora'
        $problems | Should -BeNullOrEmpty
    }

    It 'exports its cmdlets and nothing else' {
        $module = Get-Module ResizeLora
        $module.ExportedCmdlets.Keys | Sort-Object | Should -Be $cmdlets
        $module.ExportedCommands.Count | Should -Be $cmdlets.Count
        $module.ExportedVariables.Count | Should -Be 0
    }

    It 'announces in its manifest what it exports, so that commands are found before it is imported' {
        (Test-ModuleManifest $manifest).ExportedCmdlets.Keys | Sort-Object |
            Should -Be @((Get-Module ResizeLora).ExportedCmdlets.Keys | Sort-Object)
    }

    It 'imports by its folder, as a module that is installed' {
        (Import-Module ([System.IO.Path]::GetDirectoryName($manifest)) -PassThru).Name | Should -Be 'ResizeLora'
    }

    It 'is silent when it is imported' {
        Import-Module $manifest -Force *>&1 | Should -BeNullOrEmpty
    }

    It 'loads libtorch when the first computation asks for it, not when it is imported' -Skip:$IsMacOS {
        # In a process of its own: here another test file has loaded it already.
        $told = Invoke-PowerShellProcess '-Command', @"
Import-Module '$manifest'
function Test-Loaded { [bool] ([System.Diagnostics.Process]::GetCurrentProcess().Modules.ModuleName -match 'torch_cpu') }
Test-Loaded
`$null = Get-LoraSpectrum '$lora' | Select-Object -First 1
Test-Loaded
"@
        # Under Wine libtorch complains of what it cannot learn about the processor.
        $told.Text -split '\r?\n' | Where-Object { $_ -and $_ -notlike 'Error in cpuinfo*' } | Should -Be @('False', 'True')
    }
}

Describe 'Importing again' {
    BeforeAll {
        $recipe = New-ResizeRecipe 'spn_lora=1,thr=-0.7'
    }

    It 'with -Force keeps every command, time after time' {
        1..3 | ForEach-Object { Import-Module $manifest -Force }
        (Get-Command -Module ResizeLora).Name | Sort-Object | Should -Be $cmdlets
        (Get-LoraSpectrum $lora).Count | Should -Be 51
    }

    It 'after Remove-Module brings the commands back' {
        Remove-Module ResizeLora
        Get-Command Resize-Lora -Module ResizeLora -ErrorAction Ignore | Should -BeNullOrEmpty
        Import-Module $manifest
        (New-ResizeRecipe 'spn_lora=1,thr=-0.7').Threshold | Should -Be -0.7
    }

    It 'leaves objects of the first import usable' {
        Import-Module $manifest -Force
        $result = Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder)
        $result.Recipe | Should -Be $recipe
    }
}

Describe 'The libraries of the module' {
    BeforeAll {
        $null = Get-LoraSpectrum $lora | Select-Object -First 1
    }

    It 'load in a context of their own: <_>' -ForEach 'ResizeLora.PowerShell', 'ResizeLora.Engine', 'TorchSharp' {
        $contexts = @(Get-LoadContext $_)
        $contexts.Name | Should -Be 'ResizeLora'
        $contexts | Should -Not -Contain ([System.Runtime.Loader.AssemblyLoadContext]::Default)
    }

    It 'leave PowerShell''s engine shared' {
        @(Get-LoadContext 'System.Management.Automation') | Should -Be ([System.Runtime.Loader.AssemblyLoadContext]::Default)
    }

    It 'are one context, however often the module is imported' {
        Import-Module $manifest -Force
        @([System.Runtime.Loader.AssemblyLoadContext]::All | Where-Object Name -EQ 'ResizeLora') | Should -HaveCount 1
    }
}
