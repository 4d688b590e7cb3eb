# The kinds of adapters besides LoRA, as a user meets them: what each becomes, what is said of it, and what stays as it is.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module ([System.IO.Path]::GetFullPath((Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')))
    $base = Get-SamplePath 'base'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    $random = [System.Random]::new(1)
    $convLayer = 'lora_unet_input_blocks_3_0_op'
    $otherLayer = 'lora_unet_middle_block_1_proj_in'
    $quiet = @{ WarningAction = 'SilentlyContinue' }

    # A tensor of random numbers.
    function New-Noise([string] $Name, [long[]] $Shape) {
        $count = 1
        foreach ($side in $Shape) { $count *= $side }
        New-Tensor $Name $Shape ([double[]] (1..$count | ForEach-Object { $random.NextDouble() - 0.5 }))
    }

    # The factors of a LoHa over a weight of 40 x 40.
    function New-Loha([string] $Name, [int] $Rank = 2) {
        foreach ($pair in 'hada_w1', 'hada_w2') {
            New-Noise "$Name.${pair}_a" @(40, $Rank)
            New-Noise "$Name.${pair}_b" @($Rank, 40)
        }
    }

    # A GLoRA over a weight of 40 x 40.
    function New-Glora([string] $Name) {
        New-Tensor "$Name.alpha" @() 2
        New-Noise "$Name.a1.weight" @(40, 2)
        New-Noise "$Name.a2.weight" @(2, 40)
        New-Noise "$Name.b1.weight" @(40, 2)
        New-Noise "$Name.b2.weight" @(2, 40)
    }

    # The names of the tensors of a file that begin with a layer's name, without it.
    function Get-Part([string] $Path, [string] $Layer) {
        (Read-SafetensorsHeader $Path).Tensors.Name | Where-Object { $_.StartsWith("$Layer.") } |
            ForEach-Object { $_.Substring($Layer.Length + 1) } | Sort-Object
    }

    # Makes a file of tensors in a folder of its own.
    function New-AdapterFile([string] $Name, [object[]] $Tensor) {
        Write-SafetensorsFile (Join-Path (New-TestFolder) "$Name.safetensors") $Tensor
    }

    # Resizes into a folder of its own.
    function Resize-Apart([string] $Path, [hashtable] $Given = @{}) {
        Resize-Lora -LiteralPath $Path -OutputDirectory (New-TestFolder) @Given @quiet
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'A LoHa file' {
    BeforeAll {
        $file = Get-SamplePath 'loha'
        $result = Resize-Apart $file @{ Checkpoint = $base }
    }

    It 'has a spectrum as the LoRA that it equals, of the square of its rank' {
        $layers = @(Get-LoraSpectrum $file)
        $layers | Should -HaveCount 6
        foreach ($layer in $layers) {
            $layer.AdapterKind | Should -Be LoHa
            $layer.Rank | Should -Be 16
            $layer.Alpha | Should -Be 16
            $layer.SingularValues | Should -HaveCount 16
        }
    }

    It 'becomes a LoRA file' {
        $result.WrittenKinds.Keys | Should -Be LoRA
        $result.NewLength | Should -BeLessThan $result.OldLength
        Get-Part $result.Path $otherLayer | Should -Be @('alpha', 'lora_down.weight', 'lora_up.weight')
        (Get-LoraInfo $result.Path).Kind | Should -Be LoRA
    }

    It 'becomes one whose difference is the error that the result tells' {
        $comparison = Compare-Lora $file $result.Path
        [Math]::Abs($comparison.RelativeErrorToLora - $result.RelativeErrorToLora) | Should -BeLessThan 1e-3
    }

    It 'stays as it is where everything is kept, since as LoRA it would be larger' {
        $given = @{ Recipe = 'rank=16'; OutputDirectory = New-TestFolder }
        Resize-Lora $file @given -WarningVariable warnings @quiet | Should -BeNullOrEmpty
        $warnings[0] | Should -BeLike '*left as they are, since in any other form they would be larger: 6 layers*LoHa as it is: *'
        $warnings[1] | Should -BeLike '*keeps every dimension; no file is written.'
    }

    It 'becomes LoRA even where that is larger, with -OutputKind LoRA, and is the same' {
        $whole = Resize-Apart $file @{ Recipe = 'rank=16'; OutputKind = 'LoRA'; DType = 'Float32' }
        $whole.NewLength | Should -BeGreaterThan $whole.OldLength
        (Compare-Lora $file $whole.Path).RelativeErrorToLora | Should -BeLessThan 1e-5
    }
}

Describe 'A LoKr file' {
    BeforeAll {
        $file = Get-SamplePath 'lokr'
        $attention = 'lora_unet_middle_block_1_transformer_blocks_9_attn1_to_q'
        $feedForward = 'lora_unet_middle_block_1_transformer_blocks_9_ff_net_2'
        $folder = New-TestFolder
        $result = Resize-Lora $file -Checkpoint $base -OutputDirectory $folder -WarningVariable warnings @quiet
        $became = @{}
        foreach ($layer in $result.Layers) { $became[$layer.Layer] = $layer }
    }

    It 'has the singular values of both halves multiplied, of the whole rank' {
        $layer = Get-LoraSpectrum $file -Layer $attention
        $layer.AdapterKind | Should -Be LoKr
        $layer.Rank | Should -Be 80
        $layer.SingularValues | Should -HaveCount 80
    }

    It 'is cut in its second half where that is the smallest, and says so' {
        $became[$attention].WrittenAs | Should -Be LoKr
        $became[$attention].Reason | Should -BeLike 'LoKr with its second half cut to rank *: * bytes; *LoKr as it is: * bytes'
        Get-Part $result.Path $attention | Should -Be @('alpha', 'lokr_w1', 'lokr_w2_a', 'lokr_w2_b')
        Read-Tensor $result.Path "$attention.lokr_w1" | Should -Be (Read-Tensor $file "$attention.lokr_w1")
    }

    It 'becomes LoRA where that is the smallest, and says so' {
        $became[$otherLayer].WrittenAs | Should -Be LoRA
        $became[$otherLayer].Reason | Should -BeLike 'LoRA of rank 2: * bytes; LoKr with its second half cut to rank *'
        Get-Part $result.Path $otherLayer | Should -Be @('alpha', 'lora_down.weight', 'lora_up.weight')
    }

    It 'stays as it is where all else would be larger, and a warning says so' {
        $became[$feedForward].WrittenAs | Should -Be LoKr
        $became[$feedForward].RelativeErrorToLora | Should -Be 0
        $became[$feedForward].Reason | Should -BeLike 'LoKr as it is: * bytes; LoRA of rank *'
        foreach ($part in 'alpha', 'lokr_w1', 'lokr_w2') {
            Read-Tensor $result.Path "$feedForward.$part" | Should -Be (Read-Tensor $file "$feedForward.$part")
        }
        $warnings | Should -HaveCount 1
        $warnings[0] | Should -BeLike "*left as they are, since in any other form they would be larger: 1 layer (UNet: 1): $feedForward (*"
    }

    It 'is counted by what it became' {
        $result.WrittenKinds['LoKr'] | Should -Be 3
        $result.WrittenKinds['LoRA'] | Should -Be 1
    }

    It 'is written to the byte as it was measured' {
        (Measure-LoraResize $file -Checkpoint $base @quiet).NewLength | Should -Be $result.NewLength
        [System.IO.FileInfo]::new($result.Path).Length | Should -Be $result.NewLength
    }

    It 'is written in the form in which it was measured' {
        $measured = Measure-LoraResize $file -Checkpoint $base -OutputKind LoRA @quiet
        $written = $measured | Resize-Lora -OutputDirectory (New-TestFolder) @quiet
        $written.NewLength | Should -Be $measured.NewLength
        $written.WrittenKinds.Keys | Should -Be LoRA
    }

    It 'has the form in the output''s name, where one was asked for' {
        Split-Path -Leaf $result.Path | Should -Be 'lokr_spnckpt1_th-1.2.safetensors'
        foreach ($kind in 'lora', 'same') {
            $other = Resize-Lora $file -Checkpoint $base -OutputKind $kind -OutputDirectory $folder @quiet
            Split-Path -Leaf $other.Path | Should -Be "lokr_${kind}_spnckpt1_th-1.2.safetensors"
        }
    }

    It 'keeps a layer as it is where a cut would save nothing' {
        $all = Resize-Apart $file @{ Checkpoint = $base; OutputKind = 'Same' }
        ($all.Layers | Where-Object Layer -EQ $otherLayer).RelativeErrorToLora | Should -Be 0
    }

    It 'stays LoKr under a rescale, and is that much stronger' {
        $strong = Resize-Apart $file @{ Recipe = 'rank=80,rescale=2'; DType = 'Float32' }
        $strong.WrittenKinds.Keys | Should -Be LoKr
        [Math]::Abs((Compare-Lora $file $strong.Path).RelativeErrorToLora - 1) | Should -BeLessThan 1e-4
    }

    It 'becomes LoRA in all layers with -OutputKind <_>' -ForEach 'LoRA', 'LoCon' {
        $all = Resize-Apart $file @{ Checkpoint = $base; OutputKind = $_ }
        $all.WrittenKinds.Keys | Should -Be LoRA
        (Get-LoraInfo $all.Path).Kind | Should -Be LoRA
        $all.NewLength | Should -BeGreaterThan $result.NewLength
    }

    It 'stays LoKr in all layers with -OutputKind <_>' -ForEach 'Same', 'LoKr' {
        $all = Resize-Apart $file @{ Checkpoint = $base; OutputKind = $_ }
        $all.WrittenKinds.Keys | Should -Be LoKr
        (Get-LoraInfo $all.Path).Kind | Should -Be LoKr
    }

    It 'loses what the result says: read again, the output is as far from its source' {
        foreach ($kind in 'Smallest', 'LoRA', 'Same') {
            $one = Resize-Apart $file @{ Checkpoint = $base; OutputKind = $kind }
            [Math]::Abs((Compare-Lora $file $one.Path).RelativeErrorToLora - $one.RelativeErrorToLora) | Should -BeLessThan 1e-3
        }
    }

    It 'is not written where everything is kept' {
        Resize-Lora $file -Recipe rank=80 -OutputDirectory (New-TestFolder) -WarningVariable told @quiet | Should -BeNullOrEmpty
        $told[-1] | Should -BeLike '*keeps every dimension; no file is written.'
    }

    It 'of whole halves has the scale 1, whatever its alpha says' {
        $huge = New-AdapterFile 'huge' @(
            New-Tensor "$queryLayer.alpha" @() 9999999999
            New-Tensor "$queryLayer.lokr_w1" @(4, 4) (1..16)
            New-Tensor "$queryLayer.lokr_w2" @(10, 10) (1..100)
        )
        $plain = New-AdapterFile 'plain' @(
            New-Tensor "$queryLayer.lokr_w1" @(4, 4) (1..16)
            New-Tensor "$queryLayer.lokr_w2" @(10, 10) (1..100)
        )
        (Compare-Lora $plain $huge).RelativeErrorToLora | Should -BeLessThan 1e-6
    }
}

Describe 'A LoCon with a tucker core' {
    It 'becomes a plain LoCon' {
        $file = New-AdapterFile 'tucker' @(
            New-Tensor "$convLayer.alpha" @() 4
            New-Noise "$convLayer.lora_down.weight" @(4, 20, 1, 1)
            New-Noise "$convLayer.lora_mid.weight" @(4, 4, 3, 3)
            New-Noise "$convLayer.lora_up.weight" @(20, 4, 1, 1)
        )
        $result = Resize-Apart $file @{ Recipe = 'rank=2' }
        $result.WrittenKinds.Keys | Should -Be LoCon
        Get-Part $result.Path $convLayer | Should -Be @('alpha', 'lora_down.weight', 'lora_up.weight')
        [Math]::Abs((Compare-Lora $file $result.Path).RelativeErrorToLora - $result.RelativeErrorToLora) | Should -BeLessThan 1e-3
    }
}

Describe 'A DoRA file' {
    BeforeAll {
        # The second layer is far below every threshold.
        $file = New-AdapterFile 'dora' @(
            New-Layer $queryLayer
            New-Tensor "$queryLayer.dora_scale" @(40, 1) (1..40 | ForEach-Object { 0.5 + $_ / 40 })
            New-Layer $keyLayer -Value 0.0001
            New-Tensor "$keyLayer.dora_scale" @(1, 40) (1..40 | ForEach-Object { 0.5 + $_ / 40 })
        )
        $result = Resize-Apart $file @{ Checkpoint = $base; Recipe = 'spn_ckpt=1,thr=-0.3' }
    }

    It 'is resized, and no layer of it vanishes' {
        $result.NewRank | Should -Be 2
        $result.LayersDropped | Should -Be 0
        $result.Layers.NewRank | Should -Be @(1, 1)
    }

    It 'keeps its magnitudes bit for bit' {
        foreach ($layer in $queryLayer, $keyLayer) {
            Read-Tensor $result.Path "$layer.dora_scale" | Should -Be (Read-Tensor $file "$layer.dora_scale")
        }
        (Get-LoraInfo $result.Path).Kind | Should -Be DoRA
        $result.WrittenKinds.Keys | Should -Be DoRA
        (Get-LoraSpectrum $file).AdapterKind | Should -Be @('DoRA', 'DoRA')
    }

    It 'is measured with its magnitudes over a base model, and without them otherwise' {
        $plain = Get-LoraSpectrum $file -Layer $queryLayer
        $weighted = Get-LoraSpectrum $file -Layer $queryLayer -Checkpoint $base
        [Math]::Abs($plain.SingularValues[0] - 1) | Should -BeLessThan 1e-4
        [Math]::Abs($weighted.SingularValues[0] - 1) | Should -BeGreaterThan 0.1
        $apart = Resize-Apart $file @{ Recipe = 'rank=1' }
        $over = Resize-Apart $file @{ Recipe = 'rank=1'; Checkpoint = $base }
        [Math]::Abs((Compare-Lora $file $apart.Path).RelativeErrorToLora - $apart.RelativeErrorToLora) | Should -BeLessThan 1e-3
        $over.RelativeErrorToLora | Should -BeLessThan $apart.RelativeErrorToLora
    }

    It 'is not merged' {
        { Merge-Lora $file -ErrorAction Stop } | Should -Throw -ErrorId 'MergeUnsupported,*' -ExpectedMessage '*magnitudes of DoRA*'
    }
}

Describe 'Whole differences' {
    BeforeAll {
        $file = Get-SamplePath 'extracted'
        $encoder = 'lora_te2_text_model_encoder_layers_0_self_attn_q_proj'
        $without = Resize-Lora $file -Recipe rank=4 -OutputDirectory (New-TestFolder) -WarningVariable warnings @quiet
        $with = Resize-Lora $file -Recipe rank=4 -IncludeDifference -OutputDirectory (New-TestFolder) -WarningVariable others @quiet
    }

    It 'are copied, and one line says so and what to do' {
        $without.CopiedKinds['Full'] | Should -Be 2
        $without.Layers | Should -HaveCount 2
        foreach ($name in "$otherLayer.diff", "$otherLayer.diff_b", "$encoder.diff", "$encoder.diff_b") {
            Read-Tensor $without.Path $name | Should -Be (Read-Tensor $file $name)
        }
        $warnings | Should -HaveCount 1
        $warnings[0] | Should -BeLike "*copied unchanged, since they are whole differences*: 2 layers (*): $otherLayer, *. -IncludeDiff*"
    }

    It 'become layers with -IncludeDifference, biases excepted' {
        $with.CopiedKinds.Count | Should -Be 0
        $with.WrittenKinds['LoRA'] | Should -Be 4
        $with.NewLength | Should -BeLessThan $without.NewLength
        Get-Part $with.Path $encoder | Should -Be @('diff_b', 'lora_down.weight', 'lora_up.weight')
        Read-Tensor $with.Path "$encoder.diff_b" | Should -Be (Read-Tensor $file "$encoder.diff_b")
        $others | Should -BeNullOrEmpty
    }

    It 'have as many dimensions as their short side' {
        $layer = Get-LoraSpectrum $file -Layer $encoder -IncludeDifference
        $layer.AdapterKind | Should -Be Full
        $layer.Rank | Should -Be 80
        $layer.Alpha | Should -Be 80
    }

    It 'alone make a file that is left alone without the switch, with the advice' {
        $alone = New-AdapterFile 'alone' @(New-Noise "$queryLayer.diff" @(40, 40))
        { Resize-Lora $alone -Recipe rank=4 -ErrorAction Stop } |
            Should -Throw -ErrorId 'FileUnsupported,*' -ExpectedMessage '*-IncludeDifference turns whole differences into low-rank layers*'
        (Resize-Apart $alone @{ Recipe = 'rank=4'; IncludeDifference = $true }).NewRank | Should -Be 4
    }
}

Describe 'A GLoRA file' {
    BeforeAll {
        $file = New-AdapterFile 'glora' @(New-Glora $queryLayer)
    }

    It 'is left alone without a base model, with the advice' {
        { Resize-Lora $file -Recipe rank=2 -ErrorAction Stop } |
            Should -Throw -ErrorId 'FileUnsupported,*' -ExpectedMessage '*is GLoRA*over their base model alone; -Checkpoint names that*'
    }

    It 'becomes a LoRA of up to twice its rank over its base model' {
        $layer = Get-LoraSpectrum $file -Checkpoint $base
        $layer.AdapterKind | Should -Be GLoRA
        $layer.Rank | Should -Be 4
        $result = Resize-Apart $file @{ Checkpoint = $base; Recipe = 'rank=3' }
        $result.NewRank | Should -Be 3
        Get-Part $result.Path $queryLayer | Should -Be @('alpha', 'lora_down.weight', 'lora_up.weight')
    }

    It 'is copied and counted among other layers, where there is no base model' {
        $mixed = New-AdapterFile 'mixed' @(New-Glora $queryLayer; New-Layer $keyLayer)
        $result = Resize-Apart $mixed @{ Recipe = 'rank=2' }
        $result.CopiedKinds['GLoRA'] | Should -Be 1
        Read-Tensor $result.Path "$queryLayer.a1.weight" | Should -Be (Read-Tensor $mixed "$queryLayer.a1.weight")
    }
}

Describe 'Kinds without low-rank factors' {
    BeforeAll {
        $norm = 'lora_unet_input_blocks_4_1_norm'
        $file = New-AdapterFile 'others' @(
            New-Layer $queryLayer
            New-Noise "$keyLayer.weight" @(, 40)
            New-Tensor "$keyLayer.on_input" @() 1
            New-Noise "$otherLayer.oft_blocks" @(8, 10, 10)
            New-Tensor "$otherLayer.alpha" @() 0
            New-Noise "$norm.w_norm" @(, 40)
            New-Noise "$norm.b_norm" @(, 40)
        )
        $copied = "$keyLayer.weight", "$keyLayer.on_input", "$otherLayer.oft_blocks", "$otherLayer.alpha", "$norm.w_norm", "$norm.b_norm"
    }

    It 'are copied to the byte and counted: IA3, OFT, norms' {
        $result = Resize-Apart $file @{ Recipe = 'rank=2' }
        foreach ($name in $copied) { Read-Tensor $result.Path $name | Should -Be (Read-Tensor $file $name) }
        foreach ($kind in 'IA3', 'OFT', 'Full') { $result.CopiedKinds[$kind] | Should -Be 1 }
        $result.OldRank | Should -Be 4
    }

    It 'are counted, embeddings that the file brings along too' {
        $bundle = New-AdapterFile 'bundle' @(
            New-Layer $queryLayer
            New-Noise 'bundle_emb.ink.clip_l' @(2, 40)
            New-Noise 'bundle_emb.ink.clip_g' @(2, 40)
            New-Noise 'bundle_emb.neon.string_to_param.*' @(2, 40)
            New-Noise 'emb_params' @(2, 40)
        )
        (Resize-Apart $bundle @{ Recipe = 'rank=2' }).CopiedKinds['Embedding'] | Should -Be 3
    }

    It 'are named by Get-LoraInfo' {
        $info = Get-LoraInfo $file
        $info.Kind | Should -Be Mixed
        foreach ($kind in 'LoRA', 'IA3', 'OFT', 'Full') { $info.KindCounts[$kind] | Should -Be 1 }
    }

    It 'are not merged' {
        { Merge-Lora $file -ErrorAction Stop } | Should -Throw -ErrorId 'MergeUnsupported,*'
    }

    It 'alone make a file that is left alone' {
        $alone = New-AdapterFile 'alone' @(New-Noise "$keyLayer.weight" @(, 40); New-Tensor "$keyLayer.on_input" @() 1)
        { Resize-Lora $alone -Recipe rank=2 -ErrorAction Stop } | Should -Throw -ErrorId 'FileUnsupported,*' -ExpectedMessage '*IA3*'
    }
}

Describe 'A PEFT folder of LoHa' {
    BeforeEach {
        $folder = Join-Path (New-TestFolder) 'my-loha'
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $module = 'base_model.model.model.layers.0.self_attn.q_proj'
        $null = Write-SafetensorsFile (Join-Path $folder 'adapter_model.safetensors') @(New-Loha $module)
        $settings = @{ peft_type = 'LOHA'; r = 2; alpha = 6; target_modules = @('q_proj'); base_model_name_or_path = 'any' }
        [System.IO.File]::WriteAllText((Join-Path $folder 'adapter_config.json'), ($settings | ConvertTo-Json))
        $common = @{ Recipe = 'rank=2'; OutputDirectory = New-TestFolder }
    }

    It 'gives a PEFT folder of LoRA, with the scale of its settings' {
        (Get-LoraSpectrum $folder).Alpha | Should -Be 12
        $result = Resize-Apart $folder @{ Recipe = 'rank=3' }
        $written = Get-Content -Raw (Join-Path (Split-Path $result.Path) 'adapter_config.json') | ConvertFrom-Json
        $written.peft_type | Should -Be LORA
        $written.rank_pattern.'model.layers.0.self_attn.q_proj' | Should -Be 3
        $written.alpha_pattern.'model.layers.0.self_attn.q_proj' | Should -Be 3
        Get-Part $result.Path $module | Should -Be @('lora_A.weight', 'lora_B.weight')
        $comparison = Compare-Lora $folder $result.Path
        [Math]::Abs($comparison.RelativeErrorToLora - $result.RelativeErrorToLora) | Should -BeLessThan 1e-3
    }

    It 'is LoRA by default and when asked for, which is one output' {
        $first = Resize-Lora $folder @common
        Resize-Lora $folder @common -OutputKind LoRA -SkipExisting -ErrorAction Stop | Should -BeNullOrEmpty
        (Resize-Lora $folder @common -OutputKind LoRA -Force).Path | Should -Be $first.Path
    }

    It 'is its own with -OutputKind Same, which is another output' {
        $first = Resize-Lora $folder @common
        $same = Resize-Lora $folder @common -OutputKind Same -WarningVariable warned -WarningAction SilentlyContinue
        $same | Should -BeNullOrEmpty
        "$warned" | Should -BeLike '*keeps every dimension*'
        $same = Resize-Lora $folder -Recipe 'rank=2,rescale=0.5' -OutputDirectory $common.OutputDirectory -OutputKind Same
        $same.Path | Should -Not -Be $first.Path
        [System.IO.Path]::GetFileName((Split-Path $same.Path)) | Should -BeLike 'my-loha_same_*'
        Get-Part $same.Path $module | Should -Be @('hada_w1_a', 'hada_w1_b', 'hada_w2_a', 'hada_w2_b')
        (Get-LoraSpectrum $same.Path).SpectralNorm / (Get-LoraSpectrum $folder).SpectralNorm | Should -BeGreaterThan 0.4999
        (Get-LoraSpectrum $same.Path).SpectralNorm / (Get-LoraSpectrum $folder).SpectralNorm | Should -BeLessThan 0.5001
    }

    It 'is larger than before with a warning, unless LoRA was asked for' {
        $null = Write-SafetensorsFile (Join-Path $folder 'adapter_model.safetensors') @(New-Loha $module -Rank 3)
        $null = Resize-Lora $folder -Recipe rank=9 -DType 32 -OutputDirectory $common.OutputDirectory -WarningVariable warned @quiet
        "$warned" | Should -BeLike '*larger than before*1 layer*'
        $null = Resize-Lora $folder -Recipe rank=9 -DType 32 -OutputKind LoRA -OutputDirectory (New-TestFolder) -WarningVariable asked @quiet
        "$asked" | Should -Not -BeLike '*larger than before*'
    }
}

Describe 'A scale that no one says' {
    It 'is 1, is counted, and is named by -Verbose' {
        $file = New-AdapterFile 'assumed' @(New-Loha $queryLayer)
        $told = @(Resize-Lora $file -Recipe rank=2 -OutputDirectory (New-TestFolder) -Verbose 4>&1)
        "$told" | Should -BeLike "*neither an alpha nor settings say the scale of 1 layer (UNet: 1); it is taken to be 1: $queryLayer*"
        ($told | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] }).AssumedScaleCount | Should -Be 1
        (Resize-Apart (Get-SamplePath 'loha') @{ Recipe = 'rank=2' }).AssumedScaleCount | Should -Be 0
    }
}

Describe 'Layers of other kinds in pipelines' {
    BeforeAll {
        $loha = Get-SamplePath 'loha'
        $extracted = Get-SamplePath 'extracted'
    }

    It 'are filtered as they come' {
        $result = Get-LoraSpectrum $loha | Where-Object Component -EQ UNet | Resize-Lora -Recipe rank=3 -OutputDirectory (New-TestFolder)
        $result.Layers | Should -HaveCount 4
        $result.NewRank | Should -Be 12
    }

    It 'of differences are filtered by their kind' {
        $result = Get-LoraSpectrum $extracted -IncludeDifference | Where-Object AdapterKind -EQ Full |
            Resize-Lora -Recipe rank=3 -OutputDirectory (New-TestFolder)
        $result.Layers.AdapterKind | Should -Be @('Full', 'Full')
        $result.NewRank | Should -Be 6
    }

    It 'of differences are resized again from a result, and from a measurement' {
        $measured = Measure-LoraResize $extracted -Recipe rank=3 -IncludeDifference
        ($measured | Resize-Lora -OutputDirectory (New-TestFolder)).NewLength | Should -Be $measured.NewLength
        ($measured.Layers | Resize-Lora -Recipe rank=2 -OutputDirectory (New-TestFolder)).NewRank | Should -Be 8
    }

    It 'come back from a CSV file as they were' {
        $csv = Join-Path (New-TestFolder) 'layers.csv'
        Get-LoraSpectrum $loha, $extracted -IncludeDifference | Export-Csv $csv
        $stored = @(Import-Csv $csv | Resize-Lora -Recipe rank=3 -OutputDirectory (New-TestFolder))
        $stored | Should -HaveCount 2
        foreach ($one in $stored) {
            $direct = Resize-Apart $one.Source @{ Recipe = 'rank=3'; IncludeDifference = $true }
            Get-Sha256 $one.Path | Should -Be (Get-Sha256 $direct.Path)
        }
    }
}

Describe 'Files of different kinds' {
    It 'are compared by the changes that they make' {
        $result = Resize-Apart (Get-SamplePath 'loha') @{ Recipe = 'rank=16'; OutputKind = 'LoRA'; DType = 'Float32' }
        $comparison = Compare-Lora (Get-SamplePath 'loha') $result.Path
        $comparison.RelativeErrorToLora | Should -BeLessThan 1e-5
        (Compare-Lora (Get-SamplePath 'loha') (Get-SamplePath 'lokr')).RelativeErrorToLora | Should -BeGreaterThan 0.5
    }

    It 'are compared with their differences, where -IncludeDifference is given' {
        $file = Get-SamplePath 'extracted'
        $result = Resize-Apart $file @{ Recipe = 'rank=6'; IncludeDifference = $true }
        $comparison = Compare-Lora $file $result.Path -IncludeDifference
        $comparison.OnlyInOther | Should -BeNullOrEmpty
        [Math]::Abs($comparison.RelativeErrorToLora - $result.RelativeErrorToLora) | Should -BeLessThan 1e-3
    }

    It 'are compared over a base model, where GLoRA is among them' {
        $file = New-AdapterFile 'glora' @(New-Glora $queryLayer)
        $result = Resize-Apart $file @{ Checkpoint = $base; Recipe = 'rank=3' }
        $comparison = Compare-Lora $file $result.Path -Checkpoint $base
        [Math]::Abs($comparison.RelativeErrorToLora - $result.RelativeErrorToLora) | Should -BeLessThan 1e-3
    }

    It 'are merged with their differences, where -IncludeDifference is given' {
        $merge = Merge-Lora (Get-SamplePath 'loha'), (Get-SamplePath 'extracted') -IncludeDifference
        ($merge.Layers | Where-Object Layer -EQ $otherLayer).Rank | Should -Be (16 + 80)
        { Merge-Lora (Get-SamplePath 'extracted') -ErrorAction Stop } | Should -Throw -ErrorId 'MergeUnsupported,*'
    }

    It 'are merged, each as the LoRA that it equals' {
        $merge = Merge-Lora (Get-SamplePath 'loha'), (Get-SamplePath 'lokr') -Weight 1, 0.5
        ($merge.Layers | Where-Object Layer -EQ $otherLayer).Rank | Should -Be (16 + 80)
        $result = $merge | Resize-Lora -Recipe rank=96 -DType Float32 -OutputDirectory (New-TestFolder) @quiet
        $alone = Merge-Lora $result.Path, (Get-SamplePath 'loha') -Weight 2, -2 -Name rest |
            Resize-Lora -Recipe rank=80 -DType Float32 -OutputDirectory (New-TestFolder) -Force @quiet
        $shared = (Get-LoraSpectrum (Get-SamplePath 'lokr')).Layer
        $distance = Get-LoraSpectrum $alone.Path -Layer $shared | Compare-Lora (Get-SamplePath 'lokr')
        $distance.RelativeErrorToLora | Should -BeLessThan 1e-4
    }
}
