# What is written: names, metadata, bytes, and when nothing is.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $recipe = 'spn_lora=1,thr=-0.7'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'Names of outputs' {
    It 'tell the recipe as the reference program does: <text>, <name>' -ForEach @(
        @{ text = 'spn_ckpt=1,thr=-1.2'; name = 'lora_spnckpt1_th-1.2.safetensors' }
        @{ text = 'spn_lora,thr=-0.7'; name = 'lora_spnlora1_th-0.7.safetensors' }
        @{ text = 'spn_ckpt=0.7,params=0.3,thr=-1.3'; name = 'lora_params0.3_spnckpt0.7_th-1.3.safetensors' }
        @{ text = 'spn_lora=1,params=0.1,thr=-1'; name = 'lora_params0.09_spnlora0.91_th-1.safetensors' }
        @{ text = 'fro_ckpt=3,spn_lora,thr=-1.4'; name = 'lora_frockpt0.75_spnlora0.25_th-1.4.safetensors' }
        @{ text = 'spn_lora,rescale=0.5,thr=-0.7'; name = 'lora_spnlora1_scale0.5_th-0.7.safetensors' }
        @{ text = 'spn_lora,thr=0'; name = 'lora_spnlora1_th0.safetensors' }
        @{ text = 'params,thr=-2.125'; name = 'lora_params1_th-2.12.safetensors' }
    ) {
        $result = Resize-Lora $lora -Checkpoint $base -Recipe $text -OutputDirectory (New-TestFolder) -Force -WarningAction SilentlyContinue
        [System.IO.Path]::GetFileName($result.Path) | Should -BeExactly $name
    }

    It 'tell the threshold that was found for a size' {
        $result = Resize-Lora $lora -Checkpoint $base -Recipe 'spn_ckpt=0.5,subspace=0.5,size=0.12' -OutputDirectory (New-TestFolder)
        $threshold = $result.Threshold.ToString('0.##', [cultureinfo]::InvariantCulture)
        [System.IO.Path]::GetFileName($result.Path) | Should -Be "lora_spnckpt0.5_subspace0.5_size0.12_th$threshold.safetensors"
    }

    It 'are two where two recipes would give one' {
        $results = Resize-Lora $lora -Recipe 'spn_lora,thr=-0.7', 'spn_lora,thr=-0.704', 'spn_lora=2,thr=-0.7' -OutputDirectory (New-TestFolder)
        $results | Should -HaveCount 3
        [System.IO.Path]::GetFileName($results[0].Path) | Should -Be 'lora_spnlora1_th-0.7.safetensors'
        [System.IO.Path]::GetFileName($results[1].Path) | Should -Be 'lora_spnlora1_th-0.704.safetensors'
        $results.Path | Sort-Object -Unique | Should -HaveCount 3
        $results.Path | Should -Exist
    }

    It 'are the same in any culture' {
        $folder = New-TestFolder
        Use-Culture (Get-CommaCulture) {
            $null = Resize-Lora $lora -Recipe 'spn_lora=1,params=0.1,thr=-1.5', 'spn_lora,rescale=0.5,size=0.1' -OutputDirectory $folder
        }
        Get-FileName $folder | Should -Match '^lora_(params0\.09_spnlora0\.91_th-1\.5|spnlora1_scale0\.5_size0\.1_th-\d\.\d+)\.safetensors$'
    }
}

Describe 'Where outputs go' {
    It 'is beside the input, when nothing else is said' {
        $folder = New-TestFolder
        $result = Resize-Lora (Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')) -Recipe $recipe
        $result.Path | Should -Be (Join-Path $folder 'style_spnlora1_th-0.7.safetensors')
    }

    It 'is beside each input, for inputs of several folders' {
        $files = 1..2 | ForEach-Object { Copy-Sample 'lora' (Join-Path (New-TestFolder) 'style.safetensors') }
        $results = Resize-Lora $files -Recipe $recipe
        $results.Path | Should -Be @($files | ForEach-Object { $_ -replace '\.safetensors$', '_spnlora1_th-0.7.safetensors' })
    }

    It 'is -OutputDirectory, which is made with all folders above it' {
        $folder = Join-Path (New-TestFolder) 'new' | Join-Path -ChildPath 'newer'
        $null = Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder
        Get-FileName $folder | Should -Be 'lora_spnlora1_th-0.7.safetensors'
    }
}

Describe 'Metadata of outputs' {
    BeforeAll {
        $result = Resize-Lora $lora -Checkpoint $base -OutputDirectory (New-TestFolder)
        $before = (Read-SafetensorsHeader $lora).Metadata
        $header = Read-SafetensorsHeader $result.Path
        $after = $header.Metadata
    }

    It 'keeps all that was there' {
        foreach ($key in $before.Keys | Where-Object { $_ -notin 'ss_network_dim', 'ss_network_alpha', 'ss_training_comment' }) {
            $after[$key] | Should -BeExactly $before[$key]
        }
    }

    It 'adds resize_params and the two hashes, and nothing else' {
        $after.Keys | Where-Object { -not $before.ContainsKey($_) } | Sort-Object |
            Should -Be @('resize_params', 'sshs_legacy_hash', 'sshs_model_hash')
    }

    It 'says that the rank varies, as kohya''s tool does' {
        $after['ss_network_dim'], $after['ss_network_alpha'] | Should -Be @('Dynamic', 'Dynamic')
    }

    It 'says in the training comment what was done, and keeps the comment' {
        $after['ss_training_comment'] | Should -Be 'Dynamic resize with spn_ckpt=1,thr=-1.2 from 16; golden'
    }

    It 'says in resize_params what was done, as JSON' {
        $parameters = [System.Text.Json.JsonDocument]::Parse($after['resize_params']).RootElement
        $parameters.GetProperty('recipe_str').GetString() | Should -Be 'spn_ckpt=1,thr=-1.2'
        $parameters.GetProperty('threshold').GetDouble() | Should -Be -1.2
        $parameters.GetProperty('weights').GetProperty('spn_ckpt').GetDouble() | Should -Be 1
        $parameters.GetProperty('weights').GetProperty('params').GetDouble() | Should -Be 0
        $parameters.GetProperty('rescale').GetDouble() | Should -Be 1
    }

    It 'hashes the data by which other programs know the file' {
        $bytes = [System.IO.File]::ReadAllBytes($result.Path)
        $hash = [System.Security.Cryptography.SHA256]::Create().ComputeHash($bytes, $header.DataStart, $bytes.Length - $header.DataStart)
        $after['sshs_model_hash'] | Should -BeExactly ([Convert]::ToHexString($hash).ToLowerInvariant())
    }

    It 'hashes nothing for the old hash, which looks behind the first MiB only' {
        $after['sshs_legacy_hash'] | Should -BeExactly 'e3b0c442'
    }

    It 'is made where there was none' {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'bare.safetensors') (New-Layer $queryLayer)
        $made = (Read-SafetensorsHeader (Resize-Lora $file -Recipe $recipe).Path).Metadata
        $made['ss_training_comment'] | Should -Be 'Dynamic resize with spn_lora=1,thr=-0.7 from 4; '
        $made.Keys | Should -Contain 'resize_params'
    }

    It 'keeps text of any language and shape' {
        $odd = [ordered]@{ 'modelspec.title' = "`u{441}`u{442}`u{438}`u{43B}`u{44C} `"`u{753B}`"`n\ </script> `u{1F3A8}"; ss_tag_frequency = '{"1_cat": {"cat": 3}}'; '' = 'no key' }
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'odd.safetensors') (New-Layer $queryLayer) $odd
        $kept = (Read-SafetensorsHeader (Resize-Lora $file -Recipe $recipe).Path).Metadata
        foreach ($key in $odd.Keys) { $kept[$key] | Should -BeExactly $odd[$key] }
    }

    It 'is the same in any culture' {
        $foreign = Use-Culture (Get-CommaCulture) { Resize-Lora $lora -Checkpoint $base -OutputDirectory (New-TestFolder) }
        Get-Sha256 $foreign.Path | Should -Be (Get-Sha256 $result.Path)
    }
}

Describe 'The bytes of outputs' {
    BeforeAll {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'mixed.safetensors') @(
            New-Layer $queryLayer
            New-Tensor 'a note of bytes' @(3) -Type 'U8' -Byte 1, 2, 3
            New-Tensor 'wide' @(2) @(1, 2) 'F64'
        )
        $header = Read-SafetensorsHeader (Resize-Lora $file -Recipe $recipe -WarningAction SilentlyContinue).Path
    }

    It 'lie as the safetensors library writes them: widest type first, then by name' {
        $header.Tensors.Name |
            Should -Be @('wide', "$queryLayer.alpha", "$queryLayer.lora_down.weight", "$queryLayer.lora_up.weight", 'a note of bytes')
    }

    It 'begin at a multiple of eight, and leave no hole' {
        $header.DataStart % 8 | Should -Be 0
        $position = 0
        foreach ($tensor in $header.Tensors) {
            $tensor.Start | Should -Be $position
            $position = $tensor.End
        }
        $header.DataStart + $position | Should -Be $header.FileLength
    }

    It 'keep the form of a layer: linear, or a convolution of its kernel' {
        $tensors = (Read-SafetensorsHeader (Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder)).Path).Tensors
        $down = $tensors | Where-Object Name -EQ 'lora_unet_input_blocks_3_0_op.lora_down.weight'
        $up = $tensors | Where-Object Name -EQ 'lora_unet_input_blocks_3_0_op.lora_up.weight'
        $down.Shape[1..3] | Should -Be @(20, 3, 3)
        $up.Shape | Should -Be @(20, $down.Shape[0], 1, 1)
    }

    It 'keep alpha over rank' {
        $result = Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder)
        $before = Get-LoraSpectrum $lora
        foreach ($layer in Get-LoraSpectrum $result.Path) {
            $old = $before | Where-Object Layer -EQ $layer.Layer
            $layer.Alpha / $layer.Rank | Should -Be ($old.Alpha / $old.Rank)
        }
    }
}

Describe 'An output that exists' {
    BeforeEach {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
        $existing = Join-Path $folder 'style_spnlora1_th-0.7.safetensors'
        [System.IO.File]::WriteAllText($existing, 'somebody''s work')
        $when = [datetime]::new(2020, 2, 2, 2, 2, 2, [System.DateTimeKind]::Utc)
        [System.IO.File]::SetLastWriteTimeUtc($existing, $when)
    }

    It 'is never replaced unasked; the error says how to ask' {
        Resize-Lora $file -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'OutputExists,ResizeLora.PowerShell.Commands.ResizeLoraCommand'
        $problems[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        $problems[0].Exception.Message | Should -BeLike "*$existing*-Force*-SkipExisting*"
        [System.IO.File]::ReadAllText($existing) | Should -Be 'somebody''s work'
    }

    It 'does not keep other recipes from their outputs' {
        $result = Resize-Lora $file -Recipe $recipe, 'spn_lora,thr=-0.3' -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems | Should -HaveCount 1
        $result.Threshold | Should -Be -0.3
    }

    It 'is replaced with -Force' {
        $result = Resize-Lora $file -Recipe $recipe -Force
        $result.Path | Should -Be $existing
        (Get-Item $existing).Length | Should -Be $result.NewLength
    }

    It 'is left alone with -SkipExisting: no result, no error, no new time of change' {
        Resize-Lora $file -Recipe $recipe -SkipExisting -ErrorVariable problems | Should -BeNullOrEmpty
        $problems | Should -BeNullOrEmpty
        (Get-Item $existing).LastWriteTimeUtc | Should -Be $when
        [System.IO.File]::ReadAllText($existing) | Should -Be 'somebody''s work'
    }

    It 'is left out with -SkipExisting, and the other recipe''s output is written' {
        $output = Resize-Lora $file -Recipe $recipe, 'spn_lora,thr=-0.3' -SkipExisting -Verbose 4>&1
        @($output | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] -and $_.Message -like "*'$existing' exists*" }) |
            Should -HaveCount 1
        @($output | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] }).Threshold | Should -Be -0.3
    }

    It 'is known with -SkipExisting by its size too, whatever the threshold was' {
        $first = Resize-Lora $file -Recipe 'spn_lora,size=0.1'
        Resize-Lora $file -Recipe 'spn_lora,size=0.1' -SkipExisting | Should -BeNullOrEmpty
        (Resize-Lora $file -Recipe 'spn_lora,size=0.2' -SkipExisting).NewLength | Should -BeGreaterThan $first.NewLength
    }

    It 'is left alone with -SkipExisting when layers come' {
        Get-LoraSpectrum $file | Resize-Lora -Recipe $recipe -SkipExisting | Should -BeNullOrEmpty
        (Get-Item $existing).LastWriteTimeUtc | Should -Be $when
    }
}

Describe 'An output that was made otherwise' {
    BeforeEach {
        $folder = New-TestFolder
        $first = Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder
        $before = Get-Sha256 $first.Path
    }

    AfterEach {
        Get-Sha256 $first.Path | Should -Be $before
    }

    It 'does not count as the output, and is not replaced: <what>' -ForEach @(
        @{ what = 'a threshold of more digits'; recipe2 = 'spn_lora=1,thr=-0.704'; arguments = @{}; end = '-0.704' }
        @{ what = 'another type'; recipe2 = 'spn_lora=1,thr=-0.7'; arguments = @{ DType = 'BFloat16' }; end = '-0.7_bf16' }
    ) {
        $second = Resize-Lora $lora -Recipe $recipe2 -OutputDirectory $folder -SkipExisting @arguments
        [System.IO.Path]::GetFileName($second.Path) | Should -Be "lora_spnlora1_th$end.safetensors"
        Resize-Lora $lora -Recipe $recipe2 -OutputDirectory $folder -SkipExisting @arguments | Should -BeNullOrEmpty
        Resize-Lora $lora -Recipe $recipe2 -OutputDirectory $folder @arguments -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'OutputExists,*'
        $problems[0].Exception.Message | Should -BeLike "*$($second.Path)*"
        (Resize-Lora $lora -Recipe $recipe2 -OutputDirectory $folder -Force @arguments).Path | Should -Be $second.Path
    }

    It 'does not count as the output of fewer layers' {
        $layers = Get-LoraSpectrum $lora
        $some = $layers | Where-Object Component -EQ UNet
        ($some | Resize-Lora -Recipe $recipe -OutputDirectory $folder -SkipExisting).OldRank | Should -Be 400
        $some | Resize-Lora -Recipe $recipe -OutputDirectory $folder -SkipExisting | Should -BeNullOrEmpty
        $layers | Resize-Lora -Recipe $recipe -OutputDirectory $folder -SkipExisting | Should -BeNullOrEmpty
    }

    It 'does not count as the output against another base model' {
        $null = Resize-Lora $lora -Checkpoint $base -OutputDirectory $folder
        $copy = Copy-Sample 'base' (Join-Path (New-TestFolder) 'copy.safetensors')
        Resize-Lora $lora -Checkpoint $copy -OutputDirectory $folder -SkipExisting | Should -BeNullOrEmpty
        $bytes = [System.IO.File]::ReadAllBytes($copy)
        $bytes[-2] = $bytes[-2] -bxor 1
        [System.IO.File]::WriteAllBytes($copy, $bytes)
        $second = Resize-Lora $lora -Checkpoint $copy -OutputDirectory $folder -SkipExisting
        [System.IO.Path]::GetFileName($second.Path) | Should -Be 'lora_spnckpt1_th-1.2_f16.safetensors'
    }

    It 'does not count as the output of a file that was trained anew' {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'again.safetensors') (New-Layer $queryLayer)
        $null = Resize-Lora $file -Recipe $recipe
        $null = Write-SafetensorsFile $file (New-Layer $queryLayer -Value 2)
        (Resize-Lora $file -Recipe $recipe -SkipExisting).Source | Should -Be $file
        Resize-Lora $file -Recipe $recipe -SkipExisting | Should -BeNullOrEmpty
    }
}

Describe 'What is never an output' {
    It 'is another output of the run, even with -Force' {
        $files = 1..2 | ForEach-Object { Copy-Sample 'lora' (Join-Path (New-TestFolder) 'style.safetensors') }
        $folder = New-TestFolder
        $results = Resize-Lora $files -Recipe $recipe -OutputDirectory $folder -Force
        $results.Source | Should -Be $files
        $parent = [System.IO.Path]::GetFileName([System.IO.Path]::GetDirectoryName($files[1]))
        $results.Path | Should -Be @(
            (Join-Path $folder 'style_spnlora1_th-0.7.safetensors')
            (Join-Path (Join-Path $folder $parent) 'style_spnlora1_th-0.7.safetensors'))
    }

    It 'is the base model, even with -Force' {
        $folder = New-TestFolder
        $checkpoint = Copy-Sample 'base' (Join-Path $folder 'lora_spnlora1_th-0.7.safetensors')
        Resize-Lora $lora -Checkpoint $checkpoint -Recipe $recipe -OutputDirectory $folder -Force -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -Be 'OutputIsInput,ResizeLora.PowerShell.Commands.ResizeLoraCommand'
        Get-Sha256 $checkpoint | Should -Be (Get-Sha256 $base)
    }

    It 'is the base model that the layers of a pipeline were measured against' {
        $folder = New-TestFolder
        $checkpoint = Copy-Sample 'base' (Join-Path $folder 'lora_spnckpt1_th-1.2.safetensors')
        Get-LoraSpectrum $lora -Checkpoint $checkpoint |
            Resize-Lora -OutputDirectory $folder -Force -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -Be 'OutputIsInput,ResizeLora.PowerShell.Commands.ResizeLoraCommand'
        Get-Sha256 $checkpoint | Should -Be (Get-Sha256 $base)
    }
}

Describe 'An output that is a link' {
    BeforeAll {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
        $link = Join-Path $folder 'style_spnlora1_th-0.7.safetensors'
        # Windows lets not everybody make links.
        $linked = try {
            $null = [System.IO.File]::CreateSymbolicLink($link, $file)
            # Wine makes an empty file instead.
            [System.IO.FileInfo]::new($link).LinkTarget
        }
        catch { $null }
    }

    It 'is not followed to the input, even with -Force' {
        if (-not $linked) { Set-ItResult -Skipped -Because 'this user may not make links' }
        Resize-Lora $file -Recipe $recipe -Force -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'OutputIsInput,ResizeLora.PowerShell.Commands.ResizeLoraCommand'
        Get-Sha256 $file | Should -Be (Get-Sha256 $lora)
    }
}

Describe '-WhatIf' {
    It 'says the file and its exact size, as -Verbose does when it is written' {
        $output = Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder) -Verbose 4>&1
        $result = $output | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] }
        $size = $result.NewLength.ToString('N0', [cultureinfo]::InvariantCulture)
        @($output | Where-Object { "$_" -like "*Write $size bytes, total rank 784 -> 366, by recipe $recipe*$($result.Path)*" }) |
            Should -HaveCount 1
    }

    It 'writes nothing, makes no folder, and gives no result' {
        $folder = Join-Path (New-TestFolder) 'to be made'
        Resize-Lora $lora -Recipe $recipe, 'spn_lora,size=0.1' -OutputDirectory $folder -WhatIf | Should -BeNullOrEmpty
        Test-Path $folder | Should -BeFalse
    }

    It 'writes nothing beside the input, and replaces nothing with -Force' {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
        $existing = Join-Path $folder 'style_spnlora1_th-0.7.safetensors'
        [System.IO.File]::WriteAllText($existing, 'somebody''s work')
        Resize-Lora $file -Recipe $recipe -Force -WhatIf
        Get-FileName $folder | Should -HaveCount 2
        [System.IO.File]::ReadAllText($existing) | Should -Be 'somebody''s work'
    }

    It 'writes nothing when layers come' {
        $folder = New-TestFolder
        Get-LoraSpectrum $lora | Resize-Lora -Recipe $recipe -OutputDirectory $folder -WhatIf
        Get-FileName $folder | Should -BeNullOrEmpty
    }

    It 'is heard from $WhatIfPreference too' {
        $folder = New-TestFolder
        & {
            $WhatIfPreference = $true
            Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder
        }
        Get-FileName $folder | Should -BeNullOrEmpty
    }
}

Describe '-Confirm' {
    It ':$false writes without asking' {
        $ConfirmPreference = 'Low'
        (Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder) -Confirm:$false).NewRank | Should -Be 366
    }

    It 'asks for nothing when the preference is the usual one' {
        $ConfirmPreference = 'High'
        (Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder)).NewRank | Should -Be 366
    }
}

Describe 'Whole or not at all' {
    It 'leaves no other file in the folder' {
        $folder = New-TestFolder
        $null = Resize-Lora $lora -Recipe $recipe, 'spn_lora,thr=-0.3' -OutputDirectory $folder
        Get-FileName $folder | Should -Be @('lora_spnlora1_th-0.3.safetensors', 'lora_spnlora1_th-0.7.safetensors')
    }

    It 'leaves no file at all when it fails' {
        $folder = New-TestFolder
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'large.safetensors') (New-Layer $queryLayer -Value 1e6)
        Resize-Lora $file -Recipe $recipe -OutputDirectory $folder -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        Get-FileName $folder | Should -BeNullOrEmpty
    }

    It 'removes what a killed run has left, <when>' -ForEach @(
        @{ when = 'when it writes'; arguments = @{} }
        @{ when = 'when all is done already'; arguments = @{ SkipExisting = $true } }
        @{ when = 'when it ends in an error'; arguments = @{ ErrorAction = 'SilentlyContinue' } }
    ) {
        $folder = New-TestFolder
        if ($arguments.Count) { $null = Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder }
        # Whose they are, the first two do not say: the one that is older than a day is nobody's work in progress.
        $old = Join-Path $folder '.resizelora-0123456789abcdef.tmp'
        [System.IO.File]::WriteAllText($old, 'half')
        [System.IO.File]::SetLastWriteTimeUtc($old, [datetime]::UtcNow.AddHours(-25))
        [System.IO.File]::WriteAllText((Join-Path $folder '.resizelora-4711-fedcba9876543210.tmp'), 'half')
        [System.IO.File]::WriteAllText((Join-Path $folder 'somebody''s.tmp'), 'not ours')
        $null = Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder -WhatIf -ErrorAction SilentlyContinue
        $old | Should -Exist
        $null = Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder @arguments
        Get-FileName $folder | Should -Be @('.resizelora-4711-fedcba9876543210.tmp', 'lora_spnlora1_th-0.7.safetensors', 'somebody''s.tmp')
    }

    It 'stops between two files when the next command has enough' {
        $folder = New-TestFolder
        $files = 'one', 'two', 'three' | ForEach-Object { Copy-Sample 'lora' (Join-Path $folder "$_.safetensors") }
        $result = Resize-Lora $files -Recipe $recipe | Select-Object -First 1
        $result.Source | Should -Be $files[0]
        Get-FileName $folder | Should -HaveCount 4
    }

    It 'leaves whole files only when it is stopped from outside' {
        $folder = New-TestFolder
        $files = 1..20 | ForEach-Object { Copy-Sample 'lora' (Join-Path $folder "$_.safetensors") }
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
        $null = $shell.AddScript('param($module, $files, $recipe) Import-Module $module; Resize-Lora $files -Recipe $recipe')
        $null = $shell.AddArgument((Get-Module ResizeLora).Path.Replace('.psm1', '.psd1')).AddArgument($files).AddArgument($recipe)
        $running = $shell.BeginInvoke()
        $started = [System.Diagnostics.Stopwatch]::StartNew()
        while ((Get-FileName $folder).Count -lt 22 -and $started.Elapsed.TotalSeconds -lt 60) { [System.Threading.Thread]::Sleep(10) }
        $shell.Stop()
        $running.IsCompleted | Should -BeTrue
        $shell.Dispose()
        $written = @(Get-FileName $folder)
        $written.Count | Should -BeLessThan 40
        $written -like '*.tmp' | Should -BeNullOrEmpty
        foreach ($name in $written) {
            $header = Read-SafetensorsHeader (Join-Path $folder $name)
            $header.DataStart + $header.Tensors[-1].End | Should -Be $header.FileLength
        }
    }

    It 'holds no file once it has ended, was stopped, or has failed' {
        $folder = New-TestFolder
        $good = Copy-Sample 'lora' (Join-Path $folder 'good.safetensors')
        $next = Copy-Sample 'lora' (Join-Path $folder 'next.safetensors')
        $checkpoint = Copy-Sample 'base' (Join-Path $folder 'base.safetensors')
        $bad = Write-SafetensorsFile (Join-Path $folder 'bad.safetensors') (New-Layer $queryLayer -Value ([double]::NaN))
        $null = Resize-Lora $good, $next -Checkpoint $checkpoint | Select-Object -First 1
        $null = Resize-Lora $bad, $good -Checkpoint $checkpoint -Force -ErrorAction SilentlyContinue
        $null = Get-LoraSpectrum $good -Checkpoint $checkpoint | Resize-Lora -Force
        if (Test-Path '/proc/self/fd') {
            @(Get-OpenFile) -like "$folder*" | Should -BeNullOrEmpty
        }
        Remove-Item $good, $next, $checkpoint, $bad
        Get-FileName $folder | Should -Be 'good_spnckpt1_th-1.2.safetensors'
    }
}
