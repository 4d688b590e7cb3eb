# At the console: what objects look like, and how the commands behave with what PowerShell offers around them.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    $manifest = [System.IO.Path]::GetFullPath((Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1'))
    Import-Module $manifest
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $recipe = 'spn_lora=1,thr=-0.7'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    $layers = @(Get-LoraSpectrum $lora)
    $result = Resize-Lora $lora -Checkpoint $base -Recipe 'spn_ckpt=1,thr=-1.2' -OutputDirectory (New-TestFolder)

    # The lines as they are on the screen, without colours.
    function Get-Line([object[]] $Thing, [int] $Width) {
        ($Thing | Out-String -Width $Width) -replace '\x1b\[[0-9;]*m' -split '\r?\n'
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'The view of a spectrum' {
    It 'has a header for each component and file, once' {
        $lines = Get-Line ($layers | Sort-Object { "$($_.Component)" }) 80
        @($lines -match '^ *Component: ') | Should -HaveCount 3
        @($lines -match '^ *Component: UNet, lora\.safetensors') | Should -HaveCount 1
    }

    It 'shows the end of a name where it does not fit, and all of it where it does' {
        $layer = $layers | Where-Object Layer -EQ $queryLayer
        @((Get-Line $layer 80) -match '_blocks_0_attn1_to_q$') | Should -HaveCount 1
        @((Get-Line $layer 140) -match " $queryLayer$") | Should -HaveCount 1
    }

    It 'draws the singular values, in ASCII where the console is not UTF-8' {
        $before = $env:LC_ALL
        try {
            $env:LC_ALL = 'C'
            $line = (Get-Line $layers[1] 140) -match '20x80'
            if (-not $IsWindows) { $line | Should -Match ' 10\.8 @@@##\*\*\*\*\+ ' -Because $line }
            $env:LC_ALL = 'C.UTF-8'
            $line = (Get-Line $layers[1] 140) -match '20x80'
            if ([Console]::OutputEncoding.CodePage -eq 65001) { $line | Should -Match ' 10\.8 \u2588\u2588\u2588' }
        }
        finally {
            $env:LC_ALL = $before
        }
    }

    It 'draws nothing for a layer that is all zero' {
        @((Get-Line ($layers | Where-Object SpectralNorm -EQ 0) 80) -match '^Linear .* 0 +0\.0 +0\.0 +.*proj_in$') | Should -HaveCount 1
    }

    It 'says everything as a list' {
        $list = ($layers[1] | Format-List | Out-String -Width 120) -replace '\x1b\[[0-9;]*m'
        foreach ($name in 'Layer', 'Path', 'Block', 'Alpha', 'FrobeniusNorm', 'FirstQuarterEnergy', 'CheckpointPath', 'Spectrum', 'SingularValues') {
            $list | Should -Match "(?m)^$name +:"
        }
    }
}

Describe 'Objects that were stored' {
    BeforeAll {
        $stored = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($layers, 2))
        $text = [System.Management.Automation.PSSerializer]::Serialize($result)
        $storedResult = [System.Management.Automation.PSSerializer]::Deserialize($text)
    }

    It 'carry no matrices along' {
        [System.Management.Automation.PSSerializer]::Serialize($layers, 2).Length | Should -BeLessThan (51 * 4000)
        ($layers | ConvertTo-Json -Depth 4).Length | Should -BeLessThan (51 * 2500)
        $layers[0].PSObject.Properties.Name | Should -Not -Contain 'Factors'
    }

    It 'look as before' {
        Get-Line $stored[0, 1] 80 | Should -Be (Get-Line $layers[0, 1] 80)
        Get-Line $storedResult 120 | Should -Be (Get-Line $result 120)
        Get-Line @($storedResult.Layers)[0] 120 | Should -Be (Get-Line $result.Layers[0] 120)
    }

    It 'look as before, whatever they are: <_>' -ForEach 'Get-LoraInfo', 'Merge-Lora', 'Get-CheckpointNorm', 'Compare-Lora', 'Compare-Lora, by layer' {
        $live = switch ($_) {
            'Get-LoraInfo' { Get-LoraInfo $lora }
            'Merge-Lora' { Merge-Lora $lora, $result.Path -Weight 1, 0.5 }
            'Get-CheckpointNorm' { @(Get-CheckpointNorm $base)[0, 1] }
            'Compare-Lora' { Compare-Lora $lora $result.Path }
            default { (Compare-Lora $lora $result.Path).Layers[0, 1] }
        }
        $storedOne = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($live))
        Get-Line $storedOne 120 | Should -Be (Get-Line $live 120)
        $storedOne.PSObject.TypeNames | Where-Object { $_ -like 'Deserialized.*' } | Should -Not -BeNullOrEmpty
    }

    It 'are filtered as before' {
        $info = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Get-LoraInfo $lora)))
        $info.Kind | Should -Be ([string] (Get-LoraInfo $lora).Kind)
        $info.Kind | Should -BeOfType string
    }

    It 'keep their numbers, down to each layer''s' {
        @($storedResult.Layers)[0].NewRank | Should -Be $result.Layers[0].NewRank
        @($stored[1].SingularValues) | Should -Be $layers[1].SingularValues
    }

    It 'are resized as what they are: these layers of that file' {
        $again = $stored | Where-Object Component -EQ UNet | Resize-Lora -Recipe $recipe -OutputDirectory (New-TestFolder)
        $live = $layers | Where-Object Component -EQ UNet | Resize-Lora -Recipe $recipe -OutputDirectory (New-TestFolder)
        $again.Layers | Should -HaveCount 27
        Get-Sha256 $again.Path | Should -Be (Get-Sha256 $live.Path)
    }

    It 'give an error that says so when the layer is no more' {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'one.safetensors') @(New-Layer $queryLayer; New-Layer $keyLayer)
        $gone = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize(@(Get-LoraSpectrum $file)[1], 2))
        $null = Write-SafetensorsFile $file @(New-Layer $queryLayer)
        $gone | Resize-Lora -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -Be 'LayerMissing,ResizeLora.PowerShell.Commands.ResizeLoraCommand'
        $problems[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }

    It 'are recipes still' {
        (Measure-LoraResize $lora -Checkpoint $base -Recipe $storedResult.Recipe).NewRank | Should -Be 183
    }
}

Describe 'In a job' {
    It 'layers and results arrive whole: Start-Job' {
        $job = Start-Job { Import-Module $using:manifest; Get-LoraSpectrum $using:lora; Measure-LoraResize $using:lora -Recipe 'spn_lora,thr=-0.7' }
        $received = $job | Wait-Job -Timeout 120 | Receive-Job -Wait -AutoRemoveJob
        $received | Should -HaveCount 52
        @($received[-1].Layers)[0].NewRank | Should -Be 6
        ($received[0, 1] | Resize-Lora -Recipe $recipe -OutputDirectory (New-TestFolder)).Layers | Should -HaveCount 2
    }

    It 'runspaces work side by side: ForEach-Object -Parallel' {
        $folder = New-TestFolder
        $files = 1..4 | ForEach-Object { Copy-Sample 'lora' (Join-Path $folder "$_.safetensors") }
        $results = $files |
            ForEach-Object -ThrottleLimit 4 -Parallel { Import-Module $using:manifest; Resize-Lora $_ -Recipe $using:recipe }
        $results.NewRank | Should -Be @(366, 366, 366, 366)
    }
}

Describe 'The habits of PowerShell' {
    It 'keeps warnings in -WarningVariable, errors in -ErrorVariable and output in -OutVariable' {
        $folder = New-TestFolder
        [System.IO.File]::WriteAllText((Join-Path $folder 'readme.txt'), 'Words.')
        [System.IO.File]::WriteAllText((Join-Path $folder 'damaged.safetensors'), 'Words.')
        $null = Copy-Sample 'lora' (Join-Path $folder 'good.safetensors')
        $null = Measure-LoraResize (Join-Path $folder '*') -Recipe $recipe -OutVariable out -WarningVariable warnings -WarningAction SilentlyContinue -ErrorVariable problems -ErrorAction SilentlyContinue
        $out, $warnings, $problems | ForEach-Object Count | Should -Be @(1, 1, 1)
        $problems[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }

    It 'tells a story with -Verbose whose every line names what it is about' {
        $folder = New-TestFolder
        $copy = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
        $lines = Resize-Lora $lora, $copy -Checkpoint $base -OutputDirectory $folder -Verbose 4>&1 |
            Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message
        @($lines -like "'$copy', file 2 of 2: 51 layers, 326,342 bytes.") | Should -HaveCount 1
        @($lines -like "'$copy', file 2 of 2: done in * s.") | Should -HaveCount 1
        @($lines -like "*style_spnckpt1_th-1.2.safetensors' was written: * bytes;*took * s.") | Should -HaveCount 1
        @($lines -like "The norms of * base layers of '$base' were read from*") | Should -Not -BeNullOrEmpty
        $lines | Should -BeLike '*.safetensors*'
    }

    It 'says with -WhatIf the file and the bytes that are written without it: <_>' -ForEach 'spn_ckpt,thr=-1.2', 'spn_lora,size=0.1', 'params,thr=-2.2' {
        $folder = New-TestFolder
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
        $null = $shell.AddScript('param($module, $file, $base, $recipe, $folder) Import-Module $module; Resize-Lora $file -Checkpoint $base -Recipe $recipe -OutputDirectory $folder -Confirm:$false -Verbose')
        $null = $shell.AddArgument($manifest).AddArgument($lora).AddArgument($base).AddArgument($_).AddArgument($folder)
        $result = @($shell.Invoke())[0]
        $said = @($shell.Streams.Verbose.Message -like "*Write*bytes, total rank*")
        $shell.Dispose()
        $said | Should -HaveCount 1
        $said[0] | Should -BeLike ('*Write {0} bytes*{1}*' -f [System.IO.FileInfo]::new($result.Path).Length.ToString('N0', [cultureinfo]::InvariantCulture), $result.Path)
    }

    It 'says when an existing file would be replaced' {
        $folder = New-TestFolder
        $null = Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder
        $said = Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder -Force -Verbose 4>&1
        @($said | Where-Object { "$_" -like '*Replace the existing file with * bytes*' }) | Should -HaveCount 1
    }

    It 'pipes a result on, brackets in its name or not' {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'style [x].safetensors')
        $result = Resize-Lora -LiteralPath $file -Recipe $recipe
        ($result | Get-LoraSpectrum).Count | Should -Be 50
        (Get-Item -LiteralPath $result.Path).Length | Should -Be $result.NewLength
    }
}
