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
            'LayersPassedThrough', 'RelativeErrorToLora', 'RelativeErrorToBase', 'FrobeniusRetention', 'FrobeniusRetentionDeviation') {
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

    It 'refuses what is no threshold and no size' {
        { Measure-LoraResize $lora -Recipe 'spn_lora,thr=-1' -Threshold ([double]::NaN) } | Should -Throw -ErrorId 'RecipeInvalid,*'
        { Measure-LoraResize $lora -Recipe 'spn_lora,thr=-1' -Size 0 } | Should -Throw -ErrorId 'RecipeInvalid,*'
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
