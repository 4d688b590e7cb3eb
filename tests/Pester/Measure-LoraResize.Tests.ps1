# Trying recipes without writing anything: what Measure-LoraResize says is what Resize-Lora then does.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'Measure-LoraResize' {
    BeforeAll {
        $folder = New-TestFolder
        $copy = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
        $measured = Measure-LoraResize $copy -Checkpoint $base
    }

    It 'writes nothing' {
        Get-FileName $folder | Should -Be 'style.safetensors'
    }

    It 'says what Resize-Lora''s result says' {
        $result = Resize-Lora $copy -Checkpoint $base -OutputDirectory (New-TestFolder)
        foreach ($name in 'Source', 'Recipe', 'Threshold', 'OldRank', 'NewRank', 'OldLength', 'NewLength', 'Saved', 'LayersKept', 'LayersDropped',
            'LayersPassedThrough', 'RelativeErrorToLora', 'RelativeErrorToBase', 'Retained', 'FrobeniusRetention', 'FrobeniusRetentionDeviation') {
            $measured.$name | Should -Be $result.$name -Because $name
        }
        "$($measured.Layers)" | Should -Be "$($result.Layers)"
    }

    It 'says what of the Frobenius norm is retained as kohya does: the average over the layers, as a share' {
        $retained = @($measured.Layers | Where-Object { $null -ne $_.FrobeniusRetention } | ForEach-Object {
                [Math]::Abs($_.FrobeniusRetention - [Math]::Sqrt(1 - $_.RelativeErrorToLora * $_.RelativeErrorToLora)) |
                    Should -BeLessThan 1e-8
                $_.FrobeniusRetention
            })
        $retained | Should -HaveCount 50
        [Math]::Abs($measured.FrobeniusRetention - ($retained | Measure-Object -Average).Average) | Should -BeLessThan 1e-9
    }

    It 'says which share of the squared norm of the file is retained' {
        [Math]::Abs($measured.Retained - (1 - $measured.RelativeErrorToLora * $measured.RelativeErrorToLora)) | Should -BeLessThan 1e-12
        ($measured | Format-Table | Out-String) | Should -Match "\b$((100 * $measured.Retained).ToString('0.0', [cultureinfo]::InvariantCulture))\s+spn_ckpt=1"
        ($measured | Format-List | Out-String) | Should -Match '(?m)^Retained +: 0\.\d+\s*$'
    }

    It 'takes layers, filtered ones too' {
        (Get-LoraSpectrum $copy | Where-Object Component -EQ UNet | Measure-LoraResize -Recipe 'spn_lora,thr=-0.7').Layers |
            Should -HaveCount 27
    }

    It 'asks for a base model where a recipe needs one' {
        { Measure-LoraResize $copy } | Should -Throw -ErrorId 'CheckpointNotGiven,ResizeLora.PowerShell.Commands.MeasureLoraResizeCommand'
    }

    It 'leaves files alone that were resized before, but for -Force' {
        $resized = Resize-Lora $copy -Recipe 'spn_lora,thr=-0.7' -OutputDirectory (New-TestFolder)
        Get-Item $resized.Path | Measure-LoraResize -Recipe 'spn_lora,thr=-0.5' -WarningVariable said -WarningAction SilentlyContinue |
            Should -BeNullOrEmpty
        $said | Should -HaveCount 1
        (Measure-LoraResize $resized.Path -Recipe 'spn_lora,thr=-0.5' -Force).OldRank | Should -Be 366
    }
}

Describe 'A sweep of Measure-LoraResize' {
    It 'tries thresholds in place of the recipe''s own' {
        $measured = Measure-LoraResize $lora -Checkpoint $base -Threshold -0.8, -1.0, -1.2
        "$($measured.Recipe)" | Should -Be 'spn_ckpt=1,thr=-0.8 spn_ckpt=1,thr=-1 spn_ckpt=1,thr=-1.2'
        $measured.NewRank | Should -Be @($measured.NewRank | Sort-Object)
        $measured[-1].NewRank | Should -Be 183
    }

    It 'tries sizes in place of the recipe''s threshold, and keeps its rescale' {
        $measured = Measure-LoraResize $lora -Recipe 'spn_lora,rescale=0.5,thr=-1' -Size 0.05, 0.1
        "$($measured.Recipe)" | Should -Be 'spn_lora=1,rescale=0.5,size=0.05 spn_lora=1,rescale=0.5,size=0.1'
        $measured[0].NewLength | Should -BeLessOrEqual (0.05 * 1MB)
    }

    It 'tries shares to retain' {
        $measured = Measure-LoraResize $lora -Recipe 'spn_lora=1' -Retain 0.9, 0.95, 0.99
        "$($measured.Recipe)" | Should -Be 'spn_lora=1,retain=0.9 spn_lora=1,retain=0.95 spn_lora=1,retain=0.99'
        foreach ($one in $measured) {
            $one.Retained | Should -BeGreaterOrEqual ($one.Recipe.Retain - 1e-11)
            $one.Retained | Should -BeLessThan ($one.Recipe.Retain + 0.01)
        }
    }

    It 'tries losses against the base model' {
        $measured = Measure-LoraResize $lora -Checkpoint $base -Recipe 'rank=1000' -Loss 0.01, 0.05
        "$($measured.Recipe)" | Should -Be 'loss=0.01,rank=1000 loss=0.05,rank=1000'
        foreach ($one in $measured) { $one.RelativeErrorToBase | Should -BeLessOrEqual ($one.Recipe.Loss * (1 + 1e-11)) }
        { Measure-LoraResize $lora -Recipe 'spn_lora=1' -Loss 0.1 } | Should -Throw -ErrorId 'CheckpointNotGiven,*'
    }

    It 'tries shares of the input''s size' {
        $measured = Measure-LoraResize $lora -Recipe 'spn_lora=1' -Keep 0.5, 0.25
        foreach ($one in $measured) { $one.NewLength | Should -BeLessOrEqual ($one.Recipe.Keep * $one.OldLength) }
        $measured[0].NewRank | Should -BeGreaterThan $measured[1].NewRank
    }

    It 'tries every value of every parameter, for every recipe' {
        $given = @{ Recipe = 'spn_ckpt=1', 'spn_lora=1,rank=4'; Threshold = -1; Size = 0.1; Retain = 0.9; Loss = 0.1; Keep = 0.5 }
        $cuts = 'thr=-1', 'size=0.1', 'retain=0.9', 'loss=0.1', 'keep=0.5'
        "$((Measure-LoraResize $lora -Checkpoint $base @given).Recipe)" | Should -Be (
            "$($cuts.ForEach{ "spn_ckpt=1,$_" }) $($cuts.ForEach{ "spn_lora=1,$_,rank=4" })")
    }

    It 'takes ranges: <typed>' -ForEach @(
        @{ typed = '-Threshold (-2..-1)'; cuts = 'thr=-2', 'thr=-1' }
        @{ typed = '-Threshold -2..-1'; cuts = 'thr=-2', 'thr=-1' }
        @{ typed = '-Size (8,16,32,64)'; cuts = 'size=8', 'size=16', 'size=32', 'size=64' }
        @{ typed = '-Size 8, 16, 32, 64'; cuts = 'size=8', 'size=16', 'size=32', 'size=64' }
        @{ typed = '-Size (8..10)'; cuts = 'size=8', 'size=9', 'size=10' }
        @{ typed = '-Size 8..10, 64'; cuts = 'size=8', 'size=9', 'size=10', 'size=64' }
        @{ typed = '-Size 10..8'; cuts = 'size=10', 'size=9', 'size=8' }
        @{ typed = '-Retain 0.9, 0.95, 0.99'; cuts = 'retain=0.9', 'retain=0.95', 'retain=0.99' }
        @{ typed = '-Keep 0.5, 1'; cuts = 'keep=0.5', 'keep=1' }
    ) {
        $measured = & ([scriptblock]::Create("Measure-LoraResize '$lora' -Recipe 'spn_lora=1' $typed"))
        "$($measured.Recipe)" | Should -Be "$($cuts.ForEach{ "spn_lora=1,$_" })"
    }

    It 'refuses what is no range: <_>' -ForEach '8..', '..8', '8...9', '1.5..3', 'a..b', '1..1000000' {
        { Measure-LoraResize $lora -Recipe 'spn_lora=1' -Size $_ } | Should -Throw -ErrorId 'CannotConvertArgument*'
    }

    It 'asks an open recipe for a cut where no values are given, as binding does' {
        { Measure-LoraResize $lora -Recipe 'spn_lora=1' } | Should -Throw "*parameter 'Recipe'*it needs 'thr='*-Retain*" -ErrorId (
            'ParameterArgumentTransformationError,ResizeLora.PowerShell.Commands.MeasureLoraResizeCommand')
        foreach ($command in { Resize-Lora $lora -Recipe 'spn_lora=1' }, { Export-LoraSpectrum $lora -Recipe 'spn_lora=1' }) {
            $command | Should -Throw "*parameter 'Recipe'*it needs 'thr='*" -ErrorId 'ParameterArgumentTransformationError,*'
        }
    }

    It 'takes a recipe that PowerShell has split at its commas' {
        (Measure-LoraResize $lora -Recipe spn_lora=0.7,params=0.3,thr=-1.2).Recipe | Should -Be 'spn_lora=0.7,params=0.3,thr=-1.2'
        (Measure-LoraResize $lora -Recipe spn_lora=0.7,params=0.3,size=0.1).Recipe | Should -Be 'spn_lora=0.7,params=0.3,size=0.1'
    }

    It 'says of one value that it fails, and goes on with the others' {
        $measured = Measure-LoraResize $lora -Recipe 'spn_lora=1' -Size 0.0001, 0.1, 0.2 -ErrorVariable failed -ErrorAction SilentlyContinue
        $measured | Should -HaveCount 2
        $failed.FullyQualifiedErrorId | Should -Be 'OutputSizeTooSmall,ResizeLora.PowerShell.Commands.MeasureLoraResizeCommand'
    }

    It 'answers which recipe gives the smallest file of a quality, in one line' {
        Push-Location (New-TestFolder)
        try {
            $null = Copy-Sample 'lora' (Join-Path $PWD 'a.safetensors')
            $measured = Measure-LoraResize a.safetensors -Checkpoint $base -Retain 0.98 -Recipe 'spn_ckpt=1','spn_lora=1','fro_ckpt=1,params=0.1'
            $measured | Should -HaveCount 3
            $result = Measure-LoraResize a.safetensors -Checkpoint $base -Retain 0.98 -Recipe 'spn_ckpt=1','spn_lora=1','fro_ckpt=1,params=0.1' | Sort-Object NewLength | Select-Object -First 1 | Resize-Lora -OutputDirectory out
            $result.NewLength | Should -Be ($measured.NewLength | Measure-Object -Minimum).Minimum
            $result.Retained | Should -BeGreaterOrEqual 0.98
            [System.IO.FileInfo]::new($result.Path).Length | Should -Be $result.NewLength
            [System.IO.Path]::GetFileName($result.Path) | Should -BeLike 'a_*_retain0.98_th*.safetensors'
        }
        finally {
            Pop-Location
        }
    }

    It 'refuses what is no threshold and no size' {
        { Measure-LoraResize $lora -Recipe 'spn_lora,thr=-1' -Threshold ([double]::NaN) } | Should -Throw -ErrorId 'RecipeInvalid,*'
        { Measure-LoraResize $lora -Recipe 'spn_lora,thr=-1' -Size 0 } | Should -Throw -ErrorId 'RecipeInvalid,*'
        { Measure-LoraResize $lora -Recipe 'spn_lora,thr=-1' -Retain 98 } | Should -Throw -ErrorId 'RecipeInvalid,*'
        { Measure-LoraResize $lora -Recipe 'rank=8' -Threshold -1 } | Should -Throw -ErrorId 'RecipeInvalid,*'
    }

    It 'ranks the singular values themselves where it has neither a recipe nor a checkpoint' {
        (Measure-LoraResize $lora -Retain 0.9, 0.95).Recipe | ForEach-Object ToString | Should -Be @('retain=0.9', 'retain=0.95')
        (Measure-LoraResize $lora -Checkpoint $base -Retain 0.9).Recipe.ToString() | Should -Be 'spn_ckpt=1,retain=0.9'
        (Get-LoraSpectrum $lora -Checkpoint $base | Measure-LoraResize -Retain 0.9).Recipe.ToString() | Should -Be 'spn_ckpt=1,retain=0.9'
        { Measure-LoraResize $lora -Threshold -1 } | Should -Throw -ErrorId 'CheckpointNotGiven*'
    }

    It 'takes weights that were typed without quotes for one recipe, where they say something together' {
        $measured = @(Measure-LoraResize $lora -Checkpoint $base -Recipe spn_ckpt=0.7,params=0.3 -Keep 0.5)
        $measured.Recipe | ForEach-Object ToString | Should -Be 'spn_ckpt=0.7,params=0.3,keep=0.5'
        @(Measure-LoraResize $lora -Checkpoint $base -Recipe spn_ckpt=1,spn_lora=1 -Keep 0.5) | Should -HaveCount 2
    }
}

Describe 'What was measured is what is written, to the byte: -DType <type>' -ForEach @(
    @{ type = 'Float16' }, @{ type = 'BFloat16' }, @{ type = 'Float32' }
) {
    BeforeAll {
        $folder = New-TestFolder
        $odd = Write-SafetensorsFile (Join-Path $folder 'odd.safetensors') @(
            New-Layer $queryLayer -Alpha 0.0001
            New-Layer $keyLayer -Alpha $null -Type 'BF16'
            New-Layer 'lora_unet_no_such_layer' -Alpha -3
            New-Tensor 'bundle_emb.word' @(3) @(1, 2, 3)
        ) @{ ss_training_comment = ([char] 0xFC + ' "quoted"'); other = 'x' }
    }

    It '<_>' -ForEach @(
        'spn_ckpt,thr=-1.2', 'fro_ckpt,thr=-2', 'spn_lora,thr=-0.7', 'fro_lora,thr=-0.9', 'params,thr=-2.2', 'subspace,thr=0'
        'subspace=0.5,spn_ckpt=0.5,thr=-0.4', 'spn_lora,rescale=0.37,thr=-1', 'spn_lora,thr=inf', 'spn_lora,thr=-inf'
        'size=0.1', 'retain=0.9', 'loss=0.05', 'keep=0.7', 'sv_knee', 'spn_ckpt,retain=0.95,keep=0.8,sv_knee'
        'spn_lora,size=0.05', 'spn_ckpt,size=0.123456', 'params=0.3,spn_lora=0.7,size=0.2', 'spn_lora,size=1'
    ) {
        $given = @{ Path = $lora, $odd; Checkpoint = $base; Recipe = $_; DType = $type; WarningAction = 'SilentlyContinue' }
        $measured = @(Measure-LoraResize @given)
        $written = @(Resize-Lora @given -OutputDirectory (New-TestFolder) -Force)
        $measured | Should -HaveCount 2
        foreach ($i in 0, 1) {
            $measured[$i].NewLength | Should -Be ([System.IO.FileInfo]::new($written[$i].Path).Length)
            $measured[$i].NewRank | Should -Be $written[$i].NewRank
            $measured[$i].RelativeErrorToLora | Should -Be $written[$i].RelativeErrorToLora
            "$($measured[$i].RelativeErrorToBase)" | Should -Be "$($written[$i].RelativeErrorToBase)"
        }
    }
}
