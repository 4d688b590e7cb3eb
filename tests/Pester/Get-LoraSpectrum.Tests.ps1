# Looking at what a LoRA file holds, layer by layer.
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

Describe 'Get-LoraSpectrum' {
    BeforeAll {
        $layers = @(Get-LoraSpectrum $lora)
        $convolution, $linear = $layers[0, 1]
    }

    It 'gives one object a layer, in the order of the file' {
        $layers | Should -HaveCount 51
        $layers[0].GetType().FullName | Should -Be 'ResizeLora.Spectra.LayerSpectrum'
        $inFile = (Read-SafetensorsHeader $lora).Tensors.Name -like '*.lora_down.weight' -replace '\.lora_down\.weight$'
        $layers.Layer | Should -Be $inFile
    }

    It 'says which layer of which file it is' {
        $linear.Path | Should -Be $lora
        $linear.Layer | Should -Be 'lora_unet_input_blocks_1_0_emb_layers_1'
        $linear.Component | Should -Be 'UNet'
        $linear.Block | Should -Be 'input_blocks.1'
    }

    It 'says kind, size, rank and alpha' {
        $linear.Kind | Should -Be 'Linear'
        $linear.OutFeatures, $linear.InFeatures, $linear.Rank, $linear.Alpha | Should -Be @(20, 80, 16, 16)
        $convolution.Kind | Should -Be 'Convolution3x3'
        $convolution.OutFeatures, $convolution.InFeatures, $convolution.Rank, $convolution.Alpha | Should -Be @(20, 180, 8, 4)
    }

    It 'knows linear layers and convolutions of both kernels' {
        $layers.Kind | Sort-Object -Unique | Should -Be @('Linear', 'Convolution1x1', 'Convolution3x3')
    }

    It 'knows <component>: <count> layers' -ForEach @(
        @{ component = 'UNet'; count = 27 }
        @{ component = 'TextEncoder1'; count = 12 }
        @{ component = 'TextEncoder2'; count = 12 }
    ) {
        $layers | Where-Object Component -EQ $component | Should -HaveCount $count
    }

    It 'gives the singular values in descending order' {
        foreach ($layer in $layers) {
            $layer.SingularValues | Should -HaveCount $layer.Rank
            $layer.SingularValues | Should -Be @($layer.SingularValues | Sort-Object -Descending)
        }
    }

    It 'gives norms that follow from the singular values' {
        foreach ($layer in $layers) {
            $layer.SpectralNorm | Should -Be $layer.SingularValues[0]
            $squares = 0.0
            foreach ($value in $layer.SingularValues) { $squares += $value * $value }
            [Math]::Abs($layer.FrobeniusNorm - [Math]::Sqrt($squares)) | Should -BeLessThan 1e-9
        }
    }

    It 'gives an effective rank between one and the rank' {
        $layers | Where-Object SpectralNorm -GT 0 | ForEach-Object {
            $_.EffectiveRank | Should -BeGreaterOrEqual 1
            $_.EffectiveRank | Should -BeLessOrEqual $_.Rank
        }
    }

    It 'shows a layer that is all zero as such' {
        $zero = $layers | Where-Object Layer -EQ 'lora_unet_input_blocks_4_1_proj_in'
        $zero.SingularValues | Should -Be (@(0) * 16)
        $zero.SpectralNorm, $zero.FrobeniusNorm, $zero.EffectiveRank | Should -Be @(0, 0, 0)
    }

    It 'shows zeros behind the last dimension of a layer of lower rank than it says' {
        $deficient = $layers | Where-Object Layer -EQ 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_out_0'
        $deficient.Rank | Should -Be 16
        $deficient.SingularValues[-1] | Should -BeLessThan (1e-6 * $deficient.SpectralNorm)
    }

    It 'has no norms of the base model without one' {
        $linear.BaseSpectralNorm | Should -BeNullOrEmpty
        $linear.BaseFrobeniusNorm | Should -BeNullOrEmpty
        $linear.CheckpointPath | Should -BeNullOrEmpty
    }

    It 'shows a table by component' {
        $table = $layers | Format-Table | Out-String -Width 120
        $table | Should -Match 'Component: UNet'
        $table | Should -Match 'Component: TextEncoder2'
        $table | Should -Match 'Linear +20x80 +16 +1\.284 .*lora_unet_input_blocks_1_0_emb_layers_1'
    }

    It 'describes a layer in a line' {
        "$linear" | Should -BeLike 'lora_unet_input_blocks_1_0_emb_layers_1, rank 16, *1.284'
    }
}

Describe 'Get-LoraSpectrum with a base model' {
    It 'adds the norms of the weight that each layer changes' {
        $layers = @(Get-LoraSpectrum $lora -Checkpoint $base)
        $layers.CheckpointPath | Sort-Object -Unique | Should -Be $base
        foreach ($layer in $layers) {
            $layer.BaseSpectralNorm | Should -BeGreaterThan 0
            $layer.BaseFrobeniusNorm | Should -BeGreaterOrEqual $layer.BaseSpectralNorm
        }
    }

    It 'reads base models in <type>' -ForEach @(
        @{ type = 'F64' }
        @{ type = 'F32' }
        @{ type = 'F16' }
        @{ type = 'BF16' }
        @{ type = 'F8_E4M3'; one = 0x38 }
        @{ type = 'F8_E5M2'; one = 0x3C }
    ) {
        # The identity, 40 x 40.
        $bytes = foreach ($i in 0..1599) {
            if ($one) { [byte] ($i % 41 ? 0 : $one) } else { ConvertTo-TensorByte $type ($i % 41 ? 0 : 1) }
        }
        $folder = New-TestFolder
        $checkpoint = Write-SafetensorsFile (Join-Path $folder 'base.safetensors') @(
            New-Tensor 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight' @(40, 40) -Type $type -Byte $bytes
        )
        $file = Write-SafetensorsFile (Join-Path $folder 'one.safetensors') (New-Layer $queryLayer)
        $layer = Get-LoraSpectrum $file -Checkpoint $checkpoint
        [Math]::Abs($layer.BaseSpectralNorm - 1) | Should -BeLessThan 1e-5
        [Math]::Abs($layer.BaseFrobeniusNorm - [Math]::Sqrt(40)) | Should -BeLessThan 1e-5
    }

    It 'leaves them out where the base model has no such layer' {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'one.safetensors') @(
            New-Layer $queryLayer
            New-Layer 'lora_unet_no_such_layer'
        )
        $layers = Get-LoraSpectrum $file -Checkpoint $base
        $layers[0].BaseSpectralNorm | Should -BeGreaterThan 0
        $layers[1].Layer | Should -Be 'lora_unet_no_such_layer'
        $layers[1].BaseSpectralNorm | Should -BeNullOrEmpty
    }
}

Describe 'Get-LoraSpectrum on files of all makes' {
    BeforeAll {
        $folder = New-TestFolder
    }

    It 'reads weights in <_>' -ForEach 'F64', 'F32', 'F16', 'BF16' {
        $file = Write-SafetensorsFile (Join-Path $folder "$_.safetensors") (New-Layer $queryLayer -Type $_)
        $layer = Get-LoraSpectrum $file
        # The factors are diagonal: 1, 1/2, 1/3, 1/4, which BF16 holds to three digits.
        for ($i = 0; $i -lt 4; $i++) {
            [Math]::Abs($layer.SingularValues[$i] * ($i + 1) - 1) | Should -BeLessThan 0.005
        }
    }

    It 'takes the scale from alpha and rank' {
        $file = Write-SafetensorsFile (Join-Path $folder 'alpha.safetensors') (New-Layer $queryLayer -Alpha 2)
        $layer = Get-LoraSpectrum $file
        $layer.Alpha | Should -Be 2
        [Math]::Abs($layer.SpectralNorm - 0.5) | Should -BeLessThan 1e-6
    }

    It 'takes the rank where there is no alpha' {
        $file = Write-SafetensorsFile (Join-Path $folder 'no alpha.safetensors') (New-Layer $queryLayer -Alpha $null)
        $layer = Get-LoraSpectrum $file
        $layer.Alpha | Should -Be 4
        [Math]::Abs($layer.SpectralNorm - 1) | Should -BeLessThan 1e-6
    }

    It 'takes an alpha of zero for a layer that does nothing, and a negative one as its mirror' {
        $file = Write-SafetensorsFile (Join-Path $folder 'odd alpha.safetensors') @(
            New-Layer $queryLayer -Alpha 0
            New-Layer $keyLayer -Alpha -4
        )
        $nothing, $mirror = Get-LoraSpectrum $file
        $nothing.SpectralNorm | Should -Be 0
        $mirror.Alpha | Should -Be -4
        [Math]::Abs($mirror.SpectralNorm - 1) | Should -BeLessThan 1e-6
    }

    It 'gives no more singular values than the matrix has rows' {
        $file = Write-SafetensorsFile (Join-Path $folder 'wide.safetensors') @(
            New-Tensor 'lora_unet_small.lora_down.weight' @(3, 2) @(1, 0, 0, 1, 0, 0)
            New-Tensor 'lora_unet_small.lora_up.weight' @(2, 3) @(1, 0, 0, 0, 1, 0)
        )
        $layer = Get-LoraSpectrum $file
        $layer.Rank | Should -Be 3
        $layer.SingularValues | Should -HaveCount 2
    }

    It 'reads a file that was resized before' {
        $resized = Resize-Lora $lora -Recipe 'spn_lora,thr=-0.7' -OutputDirectory $folder
        $layers = Get-LoraSpectrum $resized.Path
        ($layers | Measure-Object Rank -Sum).Sum | Should -Be $resized.NewRank
    }

    It 'warns of what belongs to no layer' {
        $file = Write-SafetensorsFile (Join-Path $folder 'extra.safetensors') @(
            New-Layer $queryLayer
            New-Tensor 'bundle_emb.word.string_to_param.*' @(2) @(1, 2)
        )
        $null = Get-LoraSpectrum $file -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "*extra.safetensors*1 tensor*bundle_emb.word*"
    }
}

Describe 'Get-LoraSpectrum in a pipeline' {
    BeforeAll {
        $folder = New-TestFolder
        $copy = Copy-Sample 'lora' (Join-Path $folder 'style.safetensors')
    }

    It 'takes files from Get-ChildItem' {
        Get-ChildItem $folder | Get-LoraSpectrum | Should -HaveCount 51
    }

    It 'takes strings, wildcards too' {
        $copy, (Join-Path $folder 'st*') | Get-LoraSpectrum | Should -HaveCount 51
    }

    It 'gives the layers to Where-Object, Sort-Object and Select-Object' {
        $top = Get-LoraSpectrum $copy | Where-Object Component -EQ UNet | Sort-Object SpectralNorm -Descending |
            Select-Object -First 3 -Property Layer, SpectralNorm
        $top | Should -HaveCount 3
        $top[0].SpectralNorm | Should -BeGreaterOrEqual $top[2].SpectralNorm
        $top.Layer | Should -BeLike 'lora_unet_*'
    }

    It 'works on file after file' {
        $second = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'second.safetensors')
        $layers = Get-LoraSpectrum $copy, $second
        $layers | Should -HaveCount 102
        $layers[0].Path, $layers[-1].Path | Should -Be @($copy, $second)
    }

    It 'keeps what it gave in -OutVariable' {
        $null = Get-LoraSpectrum $copy -OutVariable seen
        $seen | Should -HaveCount 51
    }

    It 'stops when the next command has enough' {
        $first = Get-LoraSpectrum $copy | Select-Object -First 1
        $first.Layer | Should -Be 'lora_unet_input_blocks_1_0_in_layers_2'
    }

    It 'holds no file once it was stopped' {
        $mine = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'held.safetensors')
        $mineBase = Copy-Sample 'base' (Join-Path (New-TestFolder) 'held base.safetensors')
        $null = Get-LoraSpectrum $mine -Checkpoint $mineBase | Select-Object -First 1
        if (Test-Path '/proc/self/fd') {
            Get-OpenFile | Should -Not -Contain $mine
            Get-OpenFile | Should -Not -Contain $mineBase
        }
        Remove-Item $mine, $mineBase
        Test-Path $mine | Should -BeFalse
    }
}

Describe 'Get-LoraSpectrum on what is no LoRA' {
    BeforeAll {
        $folder = New-TestFolder
        $good = Copy-Sample 'lora' (Join-Path $folder 'good.safetensors')
        $null = Copy-Sample 'base' (Join-Path $folder 'other model.safetensors')
        [System.IO.File]::WriteAllText((Join-Path $folder 'damaged.safetensors'), 'This is no safetensors file.')
        [System.IO.File]::WriteAllText((Join-Path $folder 'readme.txt'), 'Words.')
        $layers = Get-LoraSpectrum (Join-Path $folder '*') -ErrorVariable problems -ErrorAction SilentlyContinue -WarningVariable warnings -WarningAction SilentlyContinue
    }

    It 'goes on with the files that are' {
        $layers | Should -HaveCount 51
        $layers[0].Path | Should -Be $good
    }

    It 'names the damaged file in an error' {
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'Safetensors*,ResizeLora.PowerShell.Commands.GetLoraSpectrumCommand'
        $problems[0].Exception.Message | Should -BeLike '*damaged.safetensors*'
    }

    It 'names what it left alone in one warning' {
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -BeLike "*2 of 4 files*'other model.safetensors' is a whole model*'readme.txt'*"
    }
}
