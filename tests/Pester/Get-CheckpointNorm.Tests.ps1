# Preparing the norms of a base model, so that no later run has to wait for them.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'

    # What -Verbose says of norms while a command runs.
    function Get-NormMessage([scriptblock] $Action) {
        & $Action 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] -and $_.Message -like '*norms*' } |
            ForEach-Object Message
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'Get-CheckpointNorm' {
    BeforeAll {
        $norms = @(Get-CheckpointNorm $base)
    }

    It 'gives one object for each weight that a LoRA can change' {
        $norms[0].GetType().FullName | Should -Be 'ResizeLora.Checkpoints.CheckpointNorm'
        $norms.Layer | Sort-Object -Unique | Should -HaveCount $norms.Count
        $inLora = @(Get-LoraSpectrum $lora).Layer
        $inLora | Where-Object { $_ -notin $norms.Layer } | Should -BeNullOrEmpty
    }

    It 'covers the convolutions that a LoCon changes' {
        $convolution = $norms | Where-Object Layer -EQ 'lora_unet_input_blocks_1_0_in_layers_2'
        $convolution.OutFeatures, $convolution.InFeatures | Should -Be @(20, 180)
        $convolution.Tensor | Should -Be 'model.diffusion_model.input_blocks.1.0.in_layers.2.weight'
    }

    It 'says which weight of which model it is' {
        $norms.Path | Sort-Object -Unique | Should -Be $base
        $value = $norms | Where-Object Layer -EQ 'lora_te2_text_model_encoder_layers_0_self_attn_v_proj'
        $value.Component | Should -Be 'TextEncoder2'
        $value.Block | Should -Be 'layers.0'
        $value.Tensor | Should -Be 'conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight'
    }

    It 'gives the norms that Get-LoraSpectrum measures against' {
        foreach ($layer in Get-LoraSpectrum $lora -Checkpoint $base) {
            $norm = $norms | Where-Object Layer -EQ $layer.Layer
            $norm.SpectralNorm | Should -Be $layer.BaseSpectralNorm
            $norm.FrobeniusNorm | Should -Be $layer.BaseFrobeniusNorm
            $norm.OutFeatures, $norm.InFeatures | Should -Be @($layer.OutFeatures, $layer.InFeatures)
        }
    }

    It 'gives the norms of the float64 reference' {
        $json = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($PSScriptRoot, '../ResizeLora.Engine.Tests/Golden/expected.json'))
        $expected = [System.Text.Json.JsonDocument]::Parse($json).RootElement.GetProperty('layers')
        foreach ($layer in $expected.EnumerateObject()) {
            $norm = $norms | Where-Object Layer -EQ $layer.Name
            $spectral = $layer.Value.GetProperty('base_spectral_norm').GetDouble()
            [Math]::Abs($norm.SpectralNorm - $spectral) | Should -BeLessThan (1e-5 * $spectral)
            $frobenius = $layer.Value.GetProperty('base_frobenius_norm').GetDouble()
            [Math]::Abs($norm.FrobeniusNorm - $frobenius) | Should -BeLessThan (1e-5 * $frobenius)
        }
    }

    It 'prints what a nightly job wants to log' {
        ($norms | Measure-Object).Count | Should -Be $norms.Count
        $table = $norms | Select-Object -First 3 | Format-Table | Out-String -Width 80
        $table | Should -Match 'Component: UNet'
        $table | Should -Match 'Spectral +Frobenius +Kept +Layer'
    }
}

Describe 'The norms that Get-CheckpointNorm keeps' {
    BeforeEach {
        $env:RESIZELORA_CACHE = Join-Path (New-TestFolder) 'norms'
        $checkpoint = Copy-Sample 'base' (Join-Path (New-TestFolder) 'sdxl.safetensors')
    }

    It 'are computed the first time and read the second' {
        @(Get-CheckpointNorm $checkpoint).FromCache | Sort-Object -Unique | Should -Be $false
        @(Get-CheckpointNorm $checkpoint).FromCache | Sort-Object -Unique | Should -Be $true
    }

    It 'leave nothing to compute for Resize-Lora' {
        $null = Get-CheckpointNorm $checkpoint
        Get-NormMessage { Resize-Lora $lora -Checkpoint $checkpoint -OutputDirectory (New-TestFolder) -Verbose } |
            Should -BeLike "The norms of 51 base layers of '$checkpoint' were read from *"
    }

    It 'are partly known after Resize-Lora, which asks for the layers of its LoRA only' {
        $null = Resize-Lora $lora -Checkpoint $checkpoint -OutputDirectory (New-TestFolder)
        $after = @(Get-CheckpointNorm $checkpoint)
        @($after | Where-Object FromCache) | Should -HaveCount 51
    }

    It 'are told by -Verbose' {
        Get-NormMessage { Get-CheckpointNorm $checkpoint -Verbose } |
            Should -BeLike "*base layers of '$checkpoint' were computed*kept in '$env:RESIZELORA_CACHE'*"
        Get-NormMessage { Get-CheckpointNorm $checkpoint -Verbose } |
            Should -BeLike "The norms of * base layers of '$checkpoint' were read from '$env:RESIZELORA_CACHE'."
    }

    It 'are computed again by -Refresh, and come out the same' {
        $first = @(Get-CheckpointNorm $checkpoint)
        $again = @(Get-CheckpointNorm $checkpoint -Refresh)
        $again.FromCache | Sort-Object -Unique | Should -Be $false
        $again.SpectralNorm | Should -Be $first.SpectralNorm
        @(Get-CheckpointNorm $checkpoint).FromCache | Sort-Object -Unique | Should -Be $true
        Get-ChildItem $env:RESIZELORA_CACHE | Should -HaveCount 1
    }

    It 'are refreshed for the layers that -Layer names, and stay for the others' {
        $all = @(Get-CheckpointNorm $checkpoint)
        $some = @(Get-CheckpointNorm $checkpoint -Layer 'lora_te1_*' -Refresh)
        $some.Component | Sort-Object -Unique | Should -Be 'TextEncoder1'
        $some.FromCache | Sort-Object -Unique | Should -Be $false
        $after = @(Get-CheckpointNorm $checkpoint)
        $after.FromCache | Sort-Object -Unique | Should -Be $true
        $after | Should -HaveCount $all.Count
    }
}

Describe 'The input of Get-CheckpointNorm' {
    It 'may be several models, by wildcard or from the pipeline' {
        $folder = New-TestFolder
        $null = Copy-Sample 'base' (Join-Path $folder 'one.safetensors')
        $null = Copy-Sample 'base' (Join-Path $folder 'two [pruned].safetensors')
        @(Get-CheckpointNorm (Join-Path $folder '*.safetensors')).Path | Sort-Object -Unique | Should -HaveCount 2
        @(Get-ChildItem $folder | Get-CheckpointNorm).Path | Sort-Object -Unique | Should -HaveCount 2
        @(Get-CheckpointNorm -LiteralPath (Join-Path $folder 'two [pruned].safetensors') -Layer $queryLayer) | Should -HaveCount 1
        @(Get-CheckpointNorm -Checkpoint (Join-Path $folder 'one.safetensors') -Layer $queryLayer, $keyLayer) | Should -HaveCount 2
    }

    It 'says which layer the model does not have, and gives the others' {
        $found = Get-CheckpointNorm $base -Layer $queryLayer, 'lora_unet_nowhere' -ErrorVariable errors -ErrorAction SilentlyContinue
        $found | Should -HaveCount 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'LayerMissing*'
        $errors[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $errors[0].TargetObject | Should -Be 'lora_unet_nowhere'
    }

    It 'refuses one file by one error and goes on: <id>' -ForEach @(
        @{ id = 'CheckpointUnrecognised'; category = 'InvalidArgument'; make = { Copy-Sample 'lora' (Join-Path (New-TestFolder) 'lora.safetensors') } }
        @{ id = 'FileUnsupported'; category = 'InvalidData'; make = { Copy-Sample 'base' (Join-Path (New-TestFolder) 'old.ckpt') } }
        @{ id = 'FileMissing'; category = 'ObjectNotFound'; make = { Join-Path (New-TestFolder) 'nothing.safetensors' } }
    ) {
        $bad = & $make
        $found = @(Get-CheckpointNorm $bad, $base -ErrorVariable errors -ErrorAction SilentlyContinue)
        $found.Path | Sort-Object -Unique | Should -Be $base
        $errors | Should -HaveCount 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike "$id*"
        $errors[0].CategoryInfo.Category | Should -Be $category
        $errors[0].TargetObject | Should -Be $bad
    }

    It 'refuses a weight that holds NaN, and keeps the norms of the others' {
        $env:RESIZELORA_CACHE = Join-Path (New-TestFolder) 'norms'
        $broken = Write-SafetensorsFile (Join-Path (New-TestFolder) 'broken.safetensors') @(
            New-Tensor 'model.diffusion_model.input_blocks.4.1.proj_in.weight' @(2, 2) @(1, 0, 0, 1)
            New-Tensor 'model.diffusion_model.input_blocks.4.1.proj_out.weight' @(1, 2) @([double]::NaN, 1)
        )
        Get-CheckpointNorm $broken -ErrorVariable errors -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'CheckpointNotFinite*'
        $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    }

    It 'has no device to choose: norms are measured on the processor, for every device' {
        (Get-Command Get-CheckpointNorm).Parameters.Keys | Should -Not -Contain 'Device'
    }

    It 'is told once of a folder that is no base model' {
        Get-CheckpointNorm (Split-Path $base) -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'CheckpointIsFolder,*'
        $problems[0].Exception.Message | Should -BeLike '*holds no base model*'
    }
}
