# Names, kinds and types of LoRA files, as users change them.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')

    function Get-TensorName([string] $Path) { (Read-SafetensorsHeader $Path).Tensors.Name | Sort-Object }
}

Describe 'Convert-Lora' {
    BeforeEach {
        $folder = New-TestFolder
        $style = Write-SafetensorsFile (Join-Path $folder 'style.safetensors') @(New-Layer $queryLayer -Rank 4; New-Layer $keyLayer -Rank 2)
    }

    It 'writes the names of <Naming> beside the input' -TestCases @(
        @{ Naming = 'ComfyUI'; Name = 'style_comfyui.safetensors'; Block = 'diffusion_model.input_blocks.4.1' }
        @{ Naming = 'Diffusers'; Name = 'style_diffusers.safetensors'; Block = 'unet.down_blocks.1.attentions.0' }
    ) {
        $result = Convert-Lora $style -Naming $Naming
        [System.IO.Path]::GetFileName($result.Path) | Should -Be $Name
        Get-TensorName $result.Path | Should -Contain "$Block.transformer_blocks.0.attn1.to_q.lora_A.weight"
        $result.LayerCount, $result.WrittenLayerCount, $result.LeftBehindCount | Should -Be @(2, 2, 0)
        $result.NewLength | Should -Be ([System.IO.FileInfo]::new($result.Path)).Length
        (Compare-Lora $style $result.Path).RelativeErrorToLora | Should -Be 0
    }

    It 'makes a folder of PEFT, which is read as one' {
        $result = Convert-Lora $style -Naming Peft
        $result.Path | Should -Be (Join-Path $folder 'style_peft' 'adapter_model.safetensors')
        $settings = Get-Content -Raw (Join-Path $folder 'style_peft' 'adapter_config.json') | ConvertFrom-Json
        $settings.peft_type | Should -Be 'LORA'
        $settings.target_modules.Count | Should -Be 2
        (Convert-Lora (Join-Path $folder 'style_peft') -Naming Kohya).Path | Should -Be (Join-Path $folder 'style_peft_kohya.safetensors')
    }

    It 'writes a sum of Merge-Lora with the names of <Naming>' -TestCases @(
        @{ Naming = 'Kohya' }
        @{ Naming = 'ComfyUI' }
        @{ Naming = 'Diffusers' }
        @{ Naming = 'Peft' }
    ) {
        $copy = Copy-Item $style (Join-Path $folder 'copy.safetensors') -PassThru
        $result = Merge-Lora $style, $copy -Weight 0.5, 0.5 | Convert-Lora -Naming $Naming
        $result.LayerCount, $result.WrittenLayerCount | Should -Be @(2, 2)
        (Compare-Lora $style $result.Path).RelativeErrorToLora | Should -BeLessThan 1e-6
    }

    It 'comes back with the same bytes' {
        $back = Convert-Lora $style -Naming ComfyUI | Convert-Lora -Naming Kohya
        foreach ($name in Get-TensorName $style) { Read-Tensor $back.Path $name | Should -Be (Read-Tensor $style $name) }
    }

    It 'goes on into Get-LoraInfo and Compare-Lora' {
        $result = Convert-Lora $style -Naming Diffusers
        ($result | Get-LoraInfo).Dialect | Should -Be 'Diffusers'
        ($result | Compare-Lora).RelativeErrorToLora | Should -Be 0
    }

    It 'converts the file of a measurement, fresh or stored, once' {
        $measured = Measure-LoraResize $style -Recipe rank=1, rank=2
        ($measured | Convert-Lora -Naming ComfyUI).Path | Should -Be (Join-Path $folder 'style_comfyui.safetensors')
        $csv = Join-Path $folder 'measured.csv'
        $measured | Export-Csv $csv
        (Import-Csv $csv | Convert-Lora -Naming Diffusers).Path | Should -Be (Join-Path $folder 'style_diffusers.safetensors')
    }

    It 'changes the type alone' {
        $result = Convert-Lora $style -DType 16
        [System.IO.Path]::GetFileName($result.Path) | Should -Be 'style_float16.safetensors'
        $factors = (Read-SafetensorsHeader $result.Path).Tensors | Where-Object Name -Like '*.weight'
        $factors.Type | Sort-Object -Unique | Should -Be 'F16'
    }

    It 'turns other kinds into pairs of factors' {
        $path = Join-Path $folder 'loha.safetensors'
        $random = [System.Random]::new(1)
        $tensors = foreach ($part in @(@('hada_w1_a', 40, 2), @('hada_w1_b', 2, 40), @('hada_w2_a', 40, 2), @('hada_w2_b', 2, 40))) {
            $numbers = [double[]]::new(80)
            for ($i = 0; $i -lt 80; $i++) { $numbers[$i] = $random.NextDouble() }
            New-Tensor "$queryLayer.$($part[0])" @($part[1], $part[2]) $numbers
        }
        $null = Write-SafetensorsFile $path $tensors
        $result = Convert-Lora $path -Kind LoRA -WarningAction SilentlyContinue
        $result.Kind | Should -Be 'LoRA'
        (Compare-Lora $path $result.Path).RelativeErrorToLora | Should -BeLessThan 1e-6
    }

    It 'lists what has no name, and leaves it behind where that is asked for' {
        $odd = New-Tensor 'lora_unet_strange_tower_mix.diff' @(2, 2) @(1, 2, 3, 4)
        $path = Write-SafetensorsFile (Join-Path $folder 'odd.safetensors') @(New-Layer $queryLayer; $odd)
        $result = Convert-Lora $path -Naming Diffusers -ErrorVariable failed -ErrorAction SilentlyContinue
        $result | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'ConversionNotExpressible,*'
        $failed[0].Exception.Message | Should -BeLike '*lora_unet_strange_tower_mix*-SkipUnsupported*'
        Get-FileName $folder | Should -Not -Contain 'odd_diffusers.safetensors'
        $left = Convert-Lora $path -Naming Diffusers -SkipUnsupported -WarningVariable warned -WarningAction SilentlyContinue
        $left.LeftBehind | Should -Be 'lora_unet_strange_tower_mix'
        $warned | Should -HaveCount 1
    }

    It 'never replaces a file without -Force' {
        $first = Convert-Lora $style -Naming ComfyUI
        Convert-Lora $style -Naming ComfyUI -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'OutputExists,*'
        Convert-Lora $style -Naming ComfyUI -SkipExisting -ErrorAction Stop | Should -BeNullOrEmpty
        (Convert-Lora $style -Naming ComfyUI -Force).Path | Should -Be $first.Path
    }

    It 'writes nothing with -WhatIf, and into another folder where one is given' {
        Convert-Lora $style -Naming ComfyUI -WhatIf
        Get-FileName $folder | Should -Be 'style.safetensors'
        $other = Join-Path $folder 'other'
        (Convert-Lora $style -Naming ComfyUI -OutputDirectory $other).Path | Should -Be (Join-Path $other 'style_comfyui.safetensors')
    }

    It 'takes many files from a pipeline, and leaves other files alone with one warning' {
        $null = Write-SafetensorsFile (Join-Path $folder 'more.safetensors') @(New-Layer $queryLayer)
        $null = Write-SafetensorsFile (Join-Path $folder 'no.safetensors') @(New-Tensor 'weight' @(1) @(1))
        $results = Get-ChildItem $folder -Filter *.safetensors |
            Convert-Lora -Naming ComfyUI -WarningVariable warned -WarningAction SilentlyContinue
        $results | Should -HaveCount 2
        $warned | Should -HaveCount 1
    }

    It 'leaves its own outputs alone where it finds them, and takes them where they are named or with -Force' {
        $null = Convert-Lora $style -Naming ComfyUI
        $null = Convert-Lora $style -Naming Peft
        $found = @{ WarningVariable = 'warned'; WarningAction = 'SilentlyContinue' }
        $results = Get-ChildItem $folder | Convert-Lora -Naming Kohya @found
        $results.Path | Should -Be (Join-Path $folder 'style_kohya.safetensors')
        $warned | Should -HaveCount 1
        "$warned" | Should -BeLike '2 of 3 files were left alone:*was converted before; -Force converts it again*'
        Convert-Lora (Join-Path $folder '*.safetensors') -Naming Diffusers @found | Should -HaveCount 1
        Get-ChildItem $folder -Filter style_comfyui* | Convert-Lora -Naming Diffusers -Force | Should -HaveCount 1
        Convert-Lora (Join-Path $folder 'style_comfyui.safetensors') -Naming Kohya | Should -HaveCount 1
    }

    It 'names all that it refuses in -Verbose, and says what helps' {
        $differences = foreach ($i in 0..4) { New-Tensor "lora_unet_input_blocks_${i}_0_in_layers_2.diff" @(2, 2) @(1, 2, 3, 4) }
        $path = Write-SafetensorsFile (Join-Path $folder 'odd.safetensors') @(New-Layer $queryLayer; $differences)
        $told = Convert-Lora $path -Naming Diffusers -Verbose -ErrorVariable failed -ErrorAction SilentlyContinue 4>&1
        foreach ($i in 0..4) { "$told" | Should -BeLike "*lora_unet_input_blocks_${i}_0_in_layers_2*" }
        $failed[0].Exception.Unwritten | Should -HaveCount 5
        $failed[0].Exception.Message | Should -BeLike '*-SkipUnsupported*'
        $failed[0].Exception.Message | Should -Not -BeLike '*-Kind LoRA*'
        Convert-Lora (Get-SamplePath 'loha') -Naming Diffusers -OutputDirectory $folder -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].Exception.Message | Should -BeLike '*-Kind LoRA*'
        $failed[0].Exception.Message | Should -Not -BeLike '*-SkipUnsupported*'
        $unknown = Write-SafetensorsFile (Join-Path $folder 'own.safetensors') @(New-Layer 'lora_unet_strange_tower_0_mix_in')
        Convert-Lora $unknown -Naming ComfyUI -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].Exception.Message | Should -BeLike '*-Checkpoint*'
        $failed[0].Exception.Message | Should -Not -BeLike '*-Kind LoRA*'
    }

    It 'takes an output that lacks layers as done only where the same would be left behind' {
        $odd = New-Tensor 'lora_unet_strange_tower_mix.diff' @(2, 2) @(1, 2, 3, 4)
        $path = Write-SafetensorsFile (Join-Path $folder 'odd.safetensors') @(New-Layer $queryLayer; $odd)
        $null = Convert-Lora $path -Naming Diffusers -SkipUnsupported -WarningAction SilentlyContinue
        $again = @{ Naming = 'Diffusers'; SkipExisting = $true; WarningAction = 'Stop' }
        Convert-Lora $path -SkipUnsupported @again -ErrorAction Stop | Should -BeNullOrEmpty
        { Convert-Lora $path @again -ErrorAction Stop } | Should -Throw -ErrorId 'ConversionNotExpressible,*'
    }

    It 'finds the dots of an unknown model in its names' {
        $lora = Write-SafetensorsFile (Join-Path $folder 'own.safetensors') @(New-Layer 'lora_unet_strange_tower_0_mix_in')
        $base = Write-SafetensorsFile (Join-Path $folder 'base.safetensors') @(
            New-Tensor 'strange_tower.0.mix_in.weight' @(40, 40) ([double[]]::new(1600))
        )
        $result = Convert-Lora $lora -Naming ComfyUI -Checkpoint $base
        Get-TensorName $result.Path | Should -Contain 'diffusion_model.strange_tower.0.mix_in.lora_A.weight'
    }

    It 'says when nothing is asked for' {
        { Convert-Lora $style } | Should -Throw -ErrorId 'NothingToConvert,*'
        { Convert-Lora $style -Naming Kohya -Force -SkipExisting } | Should -Throw -ErrorId 'ForceWithSkipExisting,*'
    }

    It 'shows itself in a table of its own' {
        (Convert-Lora $style -Naming ComfyUI | Out-String) | Should -Match 'Naming\s+Kind\s+Layers'
    }
}
