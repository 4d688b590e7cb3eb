# In a folder as users have it: odd names, and LoRA files among everything else.
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

Describe 'Resize-Lora on one file of a folder' {
    BeforeAll {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
    }

    BeforeEach {
        $out = New-TestFolder
    }

    It 'takes its path' {
        (Resize-Lora $file -Recipe $recipe -OutputDirectory $out).Source | Should -Be $file
        (Resize-Lora -Path $file -Recipe $recipe -OutputDirectory (New-TestFolder)).Source | Should -Be $file
    }

    It 'takes it from Get-ChildItem' {
        (Get-ChildItem $folder | Resize-Lora -Recipe $recipe -OutputDirectory $out).Source | Should -Be $file
    }

    It 'takes it from Get-Item' {
        (Get-Item $file | Resize-Lora -Recipe $recipe -OutputDirectory $out).Source | Should -Be $file
    }

    It 'takes a file object as an argument' {
        (Resize-Lora (Get-Item $file) -Recipe $recipe -OutputDirectory $out).Source | Should -Be $file
    }

    It 'takes a string from the pipeline' {
        ($file | Resize-Lora -Recipe $recipe -OutputDirectory $out).Source | Should -Be $file
    }

    It 'takes objects with a property Path or LiteralPath, as Import-Csv gives them' {
        ([pscustomobject]@{ Path = $file } | Resize-Lora -Recipe $recipe -OutputDirectory $out).Source | Should -Be $file
        ([pscustomobject]@{ LiteralPath = $file } | Resize-Lora -Recipe $recipe -OutputDirectory (New-TestFolder)).Source | Should -Be $file
    }

    It 'takes wildcards' {
        (Resize-Lora (Join-Path $folder 's?y*.safetensors') -Recipe $recipe -OutputDirectory $out).Source | Should -Be $file
    }

    It 'takes paths of a PowerShell drive' {
        $name = [System.IO.Path]::GetFileName($folder)
        (Resize-Lora "TestDrive:/$name/style.safetensors" -Recipe $recipe -OutputDirectory 'TestDrive:/made').Source | Should -Be $file
        Test-Path (Join-Path $TestDrive 'made/style_spnlora1_th-0.7.safetensors') | Should -BeTrue
    }

    It 'takes a file once, however often it is named' {
        @($file, (Join-Path $folder '*.safetensors'), $file | Resize-Lora -Recipe $recipe -OutputDirectory $out) | Should -HaveCount 1
    }

    It 'does nothing, without a word, where a wildcard finds nothing' {
        Resize-Lora (Join-Path $folder '*.nothing') -Recipe $recipe -OutputDirectory $out *>&1 | Should -BeNullOrEmpty
    }

    It 'takes files by the extension .sft, and without one' {
        $sft = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'style.sft')
        $plain = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'plain')
        Get-FileName ([System.IO.Path]::GetDirectoryName((Resize-Lora $sft, $plain -Recipe $recipe -OutputDirectory $out)[0].Path)) |
            Should -Be @('plain_spnlora1_th-0.7.safetensors', 'style_spnlora1_th-0.7.safetensors')
    }
}

Describe 'Relative paths' {
    BeforeAll {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
        $null = Copy-Sample 'base' (Join-Path $folder 'sdxl.safetensors')
        $before = $PWD.Path
        Set-Location $folder
    }

    AfterAll {
        Set-Location $before
    }

    It 'are meant from where the user is, not from where the process was started' {
        $result = Resize-Lora style.safetensors -Checkpoint ./sdxl.safetensors -OutputDirectory small
        $result.Source | Should -Be $file
        $result.Path | Should -Be (Join-Path (Join-Path $folder 'small') 'style_spnckpt1_th-1.2.safetensors')
    }

    It 'may go up' {
        $result = Resize-Lora "../$([System.IO.Path]::GetFileName($folder))/sty*" -Recipe $recipe -OutputDirectory ./down/../other
        $result.Path | Should -Be (Join-Path (Join-Path $folder 'other') 'style_spnlora1_th-0.7.safetensors')
    }

    It 'are meant so by -LiteralPath too' {
        (Resize-Lora -LiteralPath style.safetensors -Recipe $recipe -OutputDirectory literal).Source | Should -Be $file
    }
}

Describe 'A file called <name>' -ForEach @(
    @{ name = 'with blanks.safetensors' }
    @{ name = 'brackets [v2].safetensors' }
    # Russian, Chinese and French words, escaped so that this file is plain ASCII.
    @{ name = "`u{441}`u{442}`u{438}`u{43B}`u{44C} `u{753B}`u{98CE} `u{E9}.safetensors" }
    @{ name = 'dots.v1.0.safetensors' }
    @{ name = "quote's `$HOME ``tick``.safetensors" }
    @{ name = '-Force.safetensors' }
) {
    BeforeAll {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder $name)
        $expected = [System.IO.Path]::GetFileNameWithoutExtension($name) + '_spnlora1_th-0.7.safetensors'
    }

    It 'is taken from Get-ChildItem' {
        $result = Get-ChildItem $folder -Filter '*.safetensors' | Resize-Lora -Recipe $recipe -OutputDirectory (New-TestFolder)
        $result.Source | Should -Be $file
        [System.IO.Path]::GetFileName($result.Path) | Should -Be $expected
    }

    It 'is taken as an argument, since a file of just that name is there' {
        (Resize-Lora (Get-Item -LiteralPath $file) -Recipe $recipe -OutputDirectory (New-TestFolder)).Source | Should -Be $file
    }

    It 'is taken by -LiteralPath' {
        $result = Resize-Lora -LiteralPath $file -Recipe $recipe
        [System.IO.File]::Exists((Join-Path $folder $expected)) | Should -BeTrue
        (Get-Item -LiteralPath $result.Path).Length | Should -Be $result.NewLength
    }
}

Describe 'Folders with odd names' {
    It 'may hold input, base model, and output' {
        $folder = Join-Path (New-TestFolder) "LoRAs [all], `u{43D}`u{43E}`u{432}`u{44B}`u{435}"
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $file = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
        $checkpoint = Copy-Sample 'base' (Join-Path $folder 'base [fp16].safetensors')
        $out = Join-Path $folder 'out [small]'
        $result = Resize-Lora -LiteralPath $file -Checkpoint $checkpoint -OutputDirectory $out
        $result.Path | Should -Be (Join-Path $out 'style_spnckpt1_th-1.2.safetensors')
        [System.IO.File]::Exists($result.Path) | Should -BeTrue
    }
}

Describe 'A folder as users have it' {
    BeforeAll {
        $folder = New-TestFolder
        $style = Copy-Sample 'lora' (Join-Path $folder 'a style.safetensors')
        $checkpoint = Copy-Sample 'base' (Join-Path $folder 'b base.safetensors')
        $null = Copy-Sample 'base' (Join-Path $folder 'c other model.safetensors')
        $null = [System.IO.Directory]::Move((Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder).Path, (Join-Path $folder 'd done.safetensors'))
        $null = Write-SafetensorsFile (Join-Path $folder 'e by kohya.safetensors') (New-Layer $queryLayer) @{ ss_training_comment = 'Dynamic resize with sv_fro: 0.9 from 32; mine' }
        $null = Write-SafetensorsFile (Join-Path $folder 'f lycoris.safetensors') (New-Tensor 'lora_unet_mid.oft_blocks' @(1, 2, 2) @(0, 1, -1, 0))
        $null = Write-SafetensorsFile (Join-Path $folder 'g half.safetensors') (New-Tensor 'unet.mid.to_q.lora_A.weight' @(1, 2) @(1, 2))
        $null = Write-SafetensorsFile (Join-Path $folder 'h embedding.safetensors') (New-Tensor 'emb_params' @(2) @(1, 2))
        [System.IO.File]::WriteAllText((Join-Path $folder 'i damaged.safetensors'), 'Not what its name says.')
        [System.IO.File]::WriteAllText((Join-Path $folder 'j notes.txt'), 'My favourites.')
        [System.IO.File]::WriteAllText((Join-Path $folder 'k old.ckpt'), 'PK')
        $null = [System.IO.Directory]::CreateDirectory((Join-Path $folder 'l previews'))
        $last = Copy-Sample 'lora' (Join-Path $folder 'm last.safetensors')
        $out = New-TestFolder
        $output = Get-ChildItem $folder | Resize-Lora -Checkpoint $checkpoint -OutputDirectory $out -Verbose -ErrorVariable problems -ErrorAction SilentlyContinue -WarningVariable warnings -WarningAction SilentlyContinue 4>&1
        $results = @($output | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] })
        $verbose = @($output | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message)
    }

    It 'has its LoRA files resized, up to the last' {
        $results.Source | Should -Be @($style, $last)
        Get-FileName $out | Should -Be @('a style_spnckpt1_th-1.2.safetensors', 'm last_spnckpt1_th-1.2.safetensors')
    }

    It 'has <file> left alone: <reason>' -ForEach @(
        @{ file = 'b base.safetensors'; reason = 'is the base model itself' }
        @{ file = 'c other model.safetensors'; reason = 'is a whole model, not a LoRA' }
        @{ file = 'd done.safetensors'; reason = 'was resized before (*spn_lora=1,thr=-0.7*-Force resizes it again' }
        @{ file = 'e by kohya.safetensors'; reason = 'was resized before (Dynamic resize with sv_fro: 0.9 from 32)*-Force resizes it again' }
        @{ file = 'f lycoris.safetensors'; reason = 'is an adapter of a kind that cannot be resized: OFT' }
        @{ file = 'g half.safetensors'; reason = 'holds no layer that can be resized: unet.mid.to_q (no lora_up)' }
        @{ file = 'h embedding.safetensors'; reason = 'holds no LoRA layers' }
        @{ file = 'j notes.txt'; reason = "is no safetensors file but '.txt'" }
        @{ file = 'l previews'; reason = 'is a folder' }
    ) {
        $path = Join-Path $folder $file
        $verbose -like "'$path' $reason*left alone*" | Should -HaveCount 1
    }

    It 'has what was left alone told in one warning, the base model not among it' {
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -BeLike "8 of 13 files were left alone: *'c other model.safetensors' is a whole model*; and 5 more (-Verbose names them all)."
        $warnings[0].Message | Should -Not -BeLike '*b base*'
    }

    It 'has its damaged file, and its pickle, told as errors' {
        $problems | Should -HaveCount 2
        $problems[0].TargetObject | Should -Be (Join-Path $folder 'i damaged.safetensors')
        $problems[1].TargetObject | Should -Be (Join-Path $folder 'k old.ckpt')
    }
}

Describe 'A file that was resized before' {
    BeforeAll {
        $first = Resize-Lora $lora -Recipe 'spn_lora,thr=-0.7' -OutputDirectory (New-TestFolder)
    }

    It 'is left alone with a warning when it comes from a folder' {
        Get-Item $first.Path | Resize-Lora -Recipe 'spn_lora,thr=-0.3' -WarningVariable warnings -WarningAction SilentlyContinue |
            Should -BeNullOrEmpty
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -BeLike "*'lora_spnlora1_th-0.7.safetensors' was resized before*"
    }

    It 'is an error when it is named, so that a script can tell' {
        Resize-Lora $first.Path -Recipe 'spn_lora,thr=-0.3' -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $? | Should -BeFalse
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'FileUnsupported,ResizeLora.PowerShell.Commands.ResizeLoraCommand'
        $problems[0].Exception.Message | Should -BeLike '*was resized before*-Force*'
    }

    It 'is resized again with -Force' {
        $second = Resize-Lora $first.Path -Recipe 'spn_lora,thr=-0.3' -Force
        $second.OldRank | Should -Be $first.NewRank
        $second.NewRank | Should -BeLessThan $first.NewRank
        [System.IO.Path]::GetFileName($second.Path) | Should -Be 'lora_spnlora1_th-0.7_spnlora1_th-0.3.safetensors'
    }

    It 'pipes from one Resize-Lora into the next' {
        $second = $first | Resize-Lora -Recipe 'spn_lora,thr=-0.2' -Force
        $second.Source | Should -Be $first.Path
    }
}

Describe 'A folder on the second night' {
    It 'is done again without a word of error, and only what is new is written' {
        $folder = New-TestFolder
        $null = Copy-Sample 'lora' (Join-Path $folder 'one.safetensors')
        Get-ChildItem $folder | Resize-Lora -Recipe $recipe -SkipExisting | Should -HaveCount 1
        $null = Copy-Sample 'lora' (Join-Path $folder 'two.safetensors')
        $second = Get-ChildItem $folder | Resize-Lora -Recipe $recipe -SkipExisting -ErrorVariable problems -WarningAction SilentlyContinue
        $problems | Should -BeNullOrEmpty
        $second.Source | Should -Be (Join-Path $folder 'two.safetensors')
        Get-FileName $folder | Should -Be @(
            'one_spnlora1_th-0.7.safetensors', 'one.safetensors', 'two_spnlora1_th-0.7.safetensors', 'two.safetensors' | Sort-Object)
    }
}

Describe 'A tree of folders' {
    BeforeAll {
        $folder = New-TestFolder
        foreach ($name in 'a', 'b') {
            $below = [System.IO.Directory]::CreateDirectory((Join-Path $folder $name)).FullName
            $value = if ($name -eq 'a') { 1 } else { 2 }
            $null = Write-SafetensorsFile (Join-Path $below 'style.safetensors') (New-Layer $queryLayer -Value $value)
        }
        $out = New-TestFolder
        $results = Get-ChildItem $folder -Recurse -File | Sort-Object FullName |
            Resize-Lora -Recipe $recipe -OutputDirectory $out -ErrorVariable problems
    }

    It 'has an output for each file, also where two have one name' {
        $problems | Should -BeNullOrEmpty
        $results.Path | Should -Be @(
            (Join-Path $out 'style_spnlora1_th-0.7.safetensors')
            (Join-Path $out 'b' | Join-Path -ChildPath 'style_spnlora1_th-0.7.safetensors'))
    }

    It 'is found done the next night, in whatever order the files come' {
        $files = @(Get-ChildItem $folder -Recurse -File | Sort-Object FullName)
        $files | Resize-Lora -Recipe $recipe -OutputDirectory $out -SkipExisting | Should -BeNullOrEmpty
        [array]::Reverse($files)
        $files | Resize-Lora -Recipe $recipe -OutputDirectory $out -SkipExisting | Should -BeNullOrEmpty
    }
}

Describe 'Two files whose names differ only in case' {
    It 'have an output each, where the file system tells them apart' {
        $folder = New-TestFolder
        $null = Write-SafetensorsFile (Join-Path $folder 'Style.safetensors') (New-Layer $queryLayer)
        if (Test-Path (Join-Path $folder 'style.safetensors')) {
            Set-ItResult -Skipped -Because 'this file system does not'
            return
        }
        $null = Write-SafetensorsFile (Join-Path $folder 'style.safetensors') (New-Layer $queryLayer -Value 2)
        $out = New-TestFolder
        Get-ChildItem $folder | Resize-Lora -Recipe $recipe -OutputDirectory $out | Should -HaveCount 2
        [System.IO.Directory]::GetFiles($out) | ForEach-Object { [System.IO.Path]::GetFileName($_) } | Sort-Object -CaseSensitive |
            Should -BeExactly @('Style_spnlora1_th-0.7.safetensors', 'style_spnlora1_th-0.7.safetensors' | Sort-Object -CaseSensitive)
    }
}

Describe 'What a LoRA file holds besides its layers' {
    BeforeAll {
        $folder = New-TestFolder
        $file = Write-SafetensorsFile (Join-Path $folder 'extras.safetensors') @(
            New-Layer $queryLayer
            New-Layer 'lora_unet_no_such_layer'
            New-Tensor 'bundle_emb.word.string_to_param.*' @(2, 3) @(1, 2, 3, 4, 5, 6)
            New-Layer $keyLayer -Type 'BF16'
            New-Tensor "$keyLayer.hada_w1_a" @(40, 1) (1..40) 'F16'
            New-Tensor 'steps' @() -Type 'I64' -Byte ([BitConverter]::GetBytes([long] 1234))
        )
        $result = Resize-Lora $file -Checkpoint $base -OutputDirectory (New-TestFolder) -WarningVariable warnings -WarningAction SilentlyContinue
        $copied = @(
            'lora_unet_no_such_layer.alpha', 'lora_unet_no_such_layer.lora_down.weight', 'lora_unet_no_such_layer.lora_up.weight'
            'bundle_emb.word.string_to_param.*'
            "$keyLayer.alpha", "$keyLayer.lora_down.weight", "$keyLayer.lora_up.weight", "$keyLayer.hada_w1_a"
            'steps'
        )
    }

    It 'is copied to the byte: tensors of no layer, layers of two kinds at once, layers that the base model does not have' {
        foreach ($name in $copied) {
            Read-Tensor $result.Path $name | Should -Be (Read-Tensor $file $name) -Because "'$name' is copied"
        }
        (Read-SafetensorsHeader $result.Path).Tensors.Name | Sort-Object |
            Should -Be @($copied + "$queryLayer.alpha", "$queryLayer.lora_down.weight", "$queryLayer.lora_up.weight" | Sort-Object)
    }

    It 'is named in one warning for each reason' {
        $warnings.Message | Should -Be @(
            "'$file': copied unchanged, since they are not pairs of factors that can be resized: 1 layer (UNet: 1): $keyLayer (it also has hada_w1_a)"
            "'$file': copied unchanged, since they belong to no layer: 2 tensors: bundle_emb.word.string_to_param.*, steps"
            "'$file': copied unchanged, since the base model has no weights under them: 1 layer (UNet: 1): lora_unet_no_such_layer"
        )
    }

    It 'is named once, however many recipes there are' {
        $given = @{ Recipe = 'rank=2', 'spn_lora,thr=-0.1'; OutputDirectory = New-TestFolder; WarningAction = 'SilentlyContinue' }
        $null = Resize-Lora $file @given -WarningVariable several
        $several | Should -HaveCount 2
    }

    It 'is counted on the result' {
        $result.LayersKept, $result.LayersPassedThrough | Should -Be @(1, 1)
    }

    It 'is resized with the rest when the recipe does not ask for the base model' {
        $own = Resize-Lora $file -Recipe 'spn_lora,thr=-0.1' -OutputDirectory (New-TestFolder) -WarningAction SilentlyContinue
        $own.LayersKept, $own.LayersPassedThrough | Should -Be @(2, 0)
    }

    It 'goes along when layers come through the pipeline' {
        $piped = Get-LoraSpectrum $file | Where-Object Layer -EQ $queryLayer |
            Resize-Lora -Recipe 'spn_lora,thr=-0.1' -OutputDirectory (New-TestFolder) -WarningAction SilentlyContinue
        (Read-SafetensorsHeader $piped.Path).Tensors.Name | Should -Contain 'steps'
        (Read-SafetensorsHeader $piped.Path).Tensors.Name | Should -Not -Contain 'lora_unet_no_such_layer.lora_up.weight'
    }
}

Describe 'Layers of all kinds' {
    It 'may have no alpha, an alpha of zero, or a negative one' {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'alphas.safetensors') @(
            New-Layer 'lora_unet_without' -Alpha $null
            New-Layer 'lora_unet_zero' -Alpha 0
            New-Layer 'lora_unet_negative' -Alpha -4
        )
        $result = Resize-Lora $file -Recipe 'spn_lora,thr=-0.4' -OutputDirectory (New-TestFolder)
        $result.Layers.NewRank | Should -Be @(2, 0, 2)
        $after = Get-LoraSpectrum $result.Path
        $after | Where-Object Layer -EQ 'lora_unet_without' | ForEach-Object Alpha | Should -Be 2
        $after | Where-Object Layer -EQ 'lora_unet_negative' | ForEach-Object Alpha | Should -Be -2
    }

    It 'may all be dropped by force, with a warning that the output does nothing' {
        $given = @{ OutputDirectory = New-TestFolder; WarningAction = 'SilentlyContinue' }
        $result = Resize-Lora $lora -Recipe 'spn_lora,thr=5' -Force @given -WarningVariable warnings
        $result.LayersKept, $result.NewRank | Should -Be @(0, 0)
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -BeLike '*keeps no dimension of any layer*'
    }
}
