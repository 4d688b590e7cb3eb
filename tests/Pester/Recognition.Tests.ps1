# What the module makes of files as people have them: downloads that are something else, LoRAs of other models, layers of other kinds.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    $resize = 'ResizeLora.PowerShell.Commands.ResizeLoraCommand'
    $quiet = @{ WarningAction = 'SilentlyContinue'; WarningVariable = 'warnings' }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'A download that is something else: <name>' -ForEach @(
    @{ name = 'a login page'; id = 'HtmlPage'; words = "*a web page with the title 'Sign in'*Download it again while logged in*"
        content = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>' + 'x' * 4000 }
    @{ name = 'an error of a server'; id = 'JsonText'; words = "*JSON*('Log in to download')*access token*"
        content = '{"error":"Unauthorized","message":"Log in to download"}' }
    @{ name = 'a git-LFS pointer'; id = 'LfsPointer'; words = "*git-LFS pointer*228,455,132 bytes*git lfs pull*"
        content = "version https://git-lfs.github.com/spec/v1`noid sha256:$('a' * 64)`nsize 228455132`n" }
    @{ name = 'a pickle'; id = 'Pickle'; words = '*PyTorch pickle*run code*Convert it to safetensors*'; content = "PK`u{3}`u{4}$("`0" * 22)archive/data.pkl$("`0" * 500)" }
    @{ name = 'a zip archive'; id = 'Archive'; words = '*zip archive*Unpack it*'; content = "PK`u{3}`u{4}$("`0" * 500)" }
    @{ name = 'a GGUF file'; id = 'Gguf'; words = '*GGUF*safetensors file of the same model*'; content = "GGUF`u{3}$("`0" * 500)" }
    @{ name = 'zeros'; id = 'Zeros'; words = '*begins with zeros*Download it again*'; content = "`0" * 5000 }
    @{ name = 'nothing'; id = 'Empty'; words = '*0 bytes*'; content = '' }
) {
    BeforeAll {
        $file = Join-Path (New-TestFolder) 'download.safetensors'
        [System.IO.File]::WriteAllText($file, $content)
    }

    It 'is told what it is and what to do, as a LoRA and as a base model' {
        { Resize-Lora $file -Recipe 'rank=4' -ErrorAction Stop } | Should -Throw $words -ErrorId "Safetensors$id,$resize"
        { Get-LoraInfo $file -ErrorAction Stop } | Should -Throw $words
        { Resize-Lora $lora -Checkpoint $file } | Should -Throw $words -ErrorId "Safetensors$id,$resize"
        { Get-CheckpointNorm $file -ErrorAction Stop } | Should -Throw $words
    }
}

Describe 'A download that broke off' {
    It 'is told how many bytes are missing' {
        $file = Join-Path (New-TestFolder) 'cut.safetensors'
        $bytes = [System.IO.File]::ReadAllBytes($lora)
        [System.IO.File]::WriteAllBytes($file, $bytes[0..($bytes.Length - 1001)])
        $words = '*of {0} bytes 1,000 are missing*' -f $bytes.Length.ToString('N0', [cultureinfo]::InvariantCulture)
        { Get-LoraInfo $file -ErrorAction Stop } | Should -Throw $words
    }
}

Describe 'A LoRA of another model: <name>' -ForEach @(
    @{ name = 'Flux'; layer = 'lora_unet_double_blocks_0_img_attn_qkv'; family = 'Flux' }
    @{ name = 'Stable Diffusion 1.5'; layer = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k'; family = 'SD 1.x' }
) {
    BeforeAll {
        $folder = New-TestFolder
        $file = Write-SafetensorsFile (Join-Path $folder 'other.safetensors') (New-Layer $layer -Out 320 -In 768)
        $good = Copy-Sample 'lora' (Join-Path $folder 'sdxl.safetensors')
        $out = New-TestFolder
    }

    It 'is an error that names both models; nothing is written of it, and the rest goes on' {
        $results = Resize-Lora $file, $good -Checkpoint $base -OutputDirectory $out -ErrorVariable problems -ErrorAction SilentlyContinue
        $results.Source | Should -Be $good
        Get-FileName $out | Should -HaveCount 1
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be "CheckpointMismatch,$resize"
        $problems[0].Exception.Message | Should -BeLike "*$file*$base*The LoRA is for $family, the base model is SDXL.*"
    }

    It 'is an error of a measurement too' {
        { Measure-LoraResize $file -Checkpoint $base -ErrorAction Stop } | Should -Throw "*for $family*" -ErrorId 'CheckpointMismatch,*'
    }

    It 'has spectra, and a warning that nothing can be measured against the base model' {
        (Get-LoraSpectrum $file -Checkpoint $base @quiet).BaseFrobeniusNorm | Should -BeNullOrEmpty
        "$warnings" | Should -BeLike '*no layer is in the base model*'
    }

    It 'is resized by its own scores' {
        (Resize-Lora $file -Recipe 'rank=2' -OutputDirectory (New-TestFolder)).NewRank | Should -Be 2
    }
}

Describe 'An output of no use' {
    It 'that keeps nothing is an error; a measurement of it is none' {
        $out = New-TestFolder
        { Resize-Lora $lora -Recipe 'spn_lora=1,thr=3' -OutputDirectory $out -ErrorAction Stop } |
            Should -Throw '*keeps no dimension of any layer*highest score is 0.*' -ErrorId "OutputNothingKept,$resize"
        Resize-Lora $lora -Recipe 'spn_lora=1,thr=3' -OutputDirectory $out -WhatIf -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems | Should -HaveCount 1
        Get-FileName $out | Should -BeNullOrEmpty
        (Measure-LoraResize $lora -Recipe 'spn_lora=1,thr=3').NewRank | Should -Be 0
    }

    It 'that would hold what the input holds is not written, unless it is forced' {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'small.safetensors') (New-Layer $queryLayer -Rank 2 -Type 'F16')
        $out = New-TestFolder
        Resize-Lora $file -Recipe 'rank=8' -OutputDirectory $out @quiet | Should -BeNullOrEmpty
        Get-FileName $out | Should -BeNullOrEmpty
        "$warnings" | Should -BeLike "*$file*rank=8*keeps every dimension; no file is written*"
        (Resize-Lora $file -Recipe 'rank=8' -OutputDirectory $out -Force -WarningAction SilentlyContinue).NewRank | Should -Be 2
    }

    It 'that is not smaller is written and said so' {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'half.safetensors') (New-Layer $queryLayer -Rank 16 -Type 'F16')
        $result = Resize-Lora $file -Recipe 'rank=15' -DType Float32 -OutputDirectory (New-TestFolder) @quiet
        $result.Saved | Should -BeLessThan 0
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -BeLike '*is not smaller than the input*written in F32, the input is in F16.'
    }
}

Describe 'Layers that are not understood' {
    BeforeAll {
        $folder = New-TestFolder
        $zeros = [double[]]::new(108)
        $odd = Write-SafetensorsFile (Join-Path $folder 'odd.safetensors') @(
            New-Layer $queryLayer
            New-Tensor 'lora_unet_film.lora_down.weight' @(1, 4, 3, 3, 3) $zeros
            New-Tensor 'lora_unet_film.lora_up.weight' @(2, 1, 2, 1, 1) @(1, 2, 3, 4)
            New-Tensor 'lora_unet_half.lora_down.weight' @(1, 4) @(1, 2, 3, 4)
        )
        $plain = Write-SafetensorsFile (Join-Path $folder 'plain.safetensors') (New-Layer $queryLayer)
        $merged = '*without 2 layers (UNet: 2) the sum would be another: lora_unet_film (*), lora_unet_half (no lora_up).'
        $named = '*2 layers (UNet: 2): lora_unet_film (lora_down `[1, 4, 3, 3, 3`], lora_up `[2, 1, 2, 1, 1`]), lora_unet_half (no lora_up)*'
    }

    It 'are copied, and the rest is resized and measured' {
        $result = Resize-Lora $odd -Recipe 'rank=2' -OutputDirectory (New-TestFolder) @quiet
        $result.NewRank | Should -Be 2
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -BeLike $named
        foreach ($name in 'lora_unet_film.lora_down.weight', 'lora_unet_film.lora_up.weight', 'lora_unet_half.lora_down.weight') {
            Read-Tensor $result.Path $name | Should -Be (Read-Tensor $odd $name)
        }
        (Measure-LoraResize $odd -Recipe 'rank=2' -WarningAction SilentlyContinue).NewLength | Should -Be $result.NewLength
    }

    It 'are left out by Get-LoraSpectrum with a warning' {
        (Get-LoraSpectrum $odd @quiet).Layer | Should -Be $queryLayer
        "$warnings" | Should -BeLike $named
        { Get-LoraSpectrum $odd -Layer 'lora_unet_half' -ErrorAction Stop } |
            Should -Throw '*lora_unet_half*no spectrum (no lora_up)*' -ErrorId 'LayerMissing,*'
    }

    It 'are not compared, with a warning' {
        $comparison = Compare-Lora $plain $odd @quiet
        $comparison.RelativeErrorToLora | Should -Be 0
        "$warnings" | Should -BeLike '*not compared*3 tensors (UNet: 3): lora_unet_film.lora_down.weight, *'
    }

    It 'cannot be merged' {
        { Merge-Lora $plain, $odd -ErrorAction Stop } |
            Should -Throw "*odd.safetensors*cannot be merged*$merged" -ErrorId 'MergeUnsupported,*'
    }

    It 'are counted by Get-LoraInfo' {
        (Get-LoraInfo $odd).LayerCount | Should -Be 3
    }
}

Describe 'Hundreds of layers without a base weight' {
    BeforeAll {
        $tensors = @(New-Layer $queryLayer; foreach ($i in 0..99) {
                New-Layer "lora_te1_text_model_encoder_layers_${i}_self_attn_q_proj" -Out 4 -In 4 -Rank 1
                New-Layer "lora_te2_text_model_encoder_layers_$($i + 100)_self_attn_q_proj" -Out 4 -In 4 -Rank 1
            })
        $full = Write-SafetensorsFile (Join-Path (New-TestFolder) 'full.safetensors') $tensors
        $given = @{ Checkpoint = Join-Path (New-TestFolder) 'unet.safetensors'; OutputDirectory = New-TestFolder }
        $name = 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight'
        $null = Write-SafetensorsFile $given.Checkpoint (New-Tensor $name @(40, 40) (1..1600))
    }

    It 'are counted by component in one short warning; -Verbose names them all' {
        $spoken = Resize-Lora $full @given -Recipe 'spn_ckpt=1,thr=-9' -Verbose @quiet 4>&1 |
            Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        $warning = $warnings.Message | Where-Object { $_ -like '*base model*' }
        $warning | Should -BeLike '*200 layers (TextEncoder1: 100, TextEncoder2: 100): lora_te1_text_model_encoder_layers_0_self_attn_q_proj, * and 197 more'
        $warning.Length | Should -BeLessThan 400
        "$spoken" | Should -BeLike '*lora_te2_text_model_encoder_layers_199_self_attn_q_proj*'
    }
}

Describe 'Whether a file was resized before' {
    It 'is the same to Get-LoraInfo and Resize-Lora: <key> <value>' -ForEach @(
        @{ key = 'ss_network_dim'; value = 'Dynamic'; resized = $false }
        @{ key = 'ss_training_comment'; value = 'merged from a + b; None'; resized = $false }
        @{ key = 'ss_training_comment'; value = 'dimension is resized from 128 to 32; None'; resized = $true }
        @{ key = 'ss_training_comment'; value = 'Dynamic resize with sv_fro: 0.9 from 32; None'; resized = $true }
        @{ key = 'resize_params'; value = '{"recipe_str":"spn_lora=1,thr=-1"}'; resized = $true }
    ) {
        $folder = New-TestFolder
        $null = Write-SafetensorsFile (Join-Path $folder 'a.safetensors') (New-Layer $queryLayer) @{ $key = $value }
        (Get-LoraInfo (Join-Path $folder '*')).Resized | Should -Be $resized
        @(Resize-Lora (Join-Path $folder '*') -Recipe 'rank=2' -WarningAction SilentlyContinue) | Should -HaveCount ([int] -not $resized)
    }
}

Describe 'A slider: a few layers, no metadata' {
    It 'is known by where its layers are and by their proportions: <layer>' -ForEach @(
        @{ layer = 'lora_unet_mid_block_attentions_0_transformer_blocks_9_attn1_to_q'; out = 80; in = 80; family = 'SDXL' }
        @{ layer = 'lora_unet_up_blocks_0_attentions_1_transformer_blocks_0_attn1_to_q'; out = 80; in = 80; family = 'SDXL' }
        @{ layer = 'lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k'; out = 640; in = 2048; family = 'SDXL' }
        @{ layer = 'lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k'; out = 40; in = 128; family = 'SDXL' }
        @{ layer = 'lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k'; out = 640; in = 768; family = 'SD 1.x' }
        @{ layer = 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q'; out = 40; in = 40; family = 'SDXL' }
    ) {
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'slider.safetensors') (New-Layer $layer -Out $out -In $in)
        (Get-LoraInfo $file).BaseModel | Should -Be $family
    }
}

Describe 'A LoRA in 8 bits' {
    It 'is read and resized by the values that its bytes stand for: <type>' -ForEach @(
        @{ type = 'F8_E4M3'; two = 0x40; half = 0x30 }
        @{ type = 'F8_E5M2'; two = 0x40; half = 0x38 }
    ) {
        # Up and down hold 2 and 0.5 on their diagonals: the singular values are 4 and 0.25.
        $up = [byte[]]::new(80)
        $down = [byte[]]::new(80)
        $up[0] = $down[0] = $two
        $up[3] = $down[41] = $half
        $file = Write-SafetensorsFile (Join-Path (New-TestFolder) 'eight.safetensors') @(
            New-Tensor "$queryLayer.lora_down.weight" @(2, 40) -Type $type -Byte $down
            New-Tensor "$queryLayer.lora_up.weight" @(40, 2) -Type $type -Byte $up
        )
        (Get-LoraSpectrum $file).SingularValues | ForEach-Object { [Math]::Round($_, 4) } | Should -Be @(4, 0.25)
        $result = Resize-Lora $file -Recipe 'rank=1' -OutputDirectory (New-TestFolder) -WarningAction SilentlyContinue
        (Get-LoraSpectrum $result.Path).SingularValues | ForEach-Object { [Math]::Round($_, 2) } | Should -Be 4
    }
}
