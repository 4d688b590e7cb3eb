# Tab completion: what the console offers while a command is typed.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'

    # The completions at the end of a line, or where it holds a bar.
    function Get-Completion([string] $Line) {
        $cursor = $Line.IndexOf('|')
        if ($cursor -lt 0) { $cursor = $Line.Length }
        [System.Management.Automation.CommandCompletion]::CompleteInput($Line.Replace('|', ''), $cursor, $null).CompletionMatches
    }
}

Describe 'Completion of recipes' {
    It 'completes a key inside the string: <line>' -ForEach @(
        @{ line = "Resize-Lora x.safetensors -Recipe 'spn_ckpt=1,th"; text = "'spn_ckpt=1,thr='" }
        @{ line = "Resize-Lora x.safetensors -Recipe 'spn_ckpt=1,th|'"; text = "'spn_ckpt=1,thr='" }
        @{ line = 'Resize-Lora x.safetensors -Recipe "spn_ckpt=1,th'; text = '"spn_ckpt=1,thr="' }
        @{ line = "New-ResizeRecipe 'rank=4:sv_r"; text = "'rank=4:sv_ratio='" }
        @{ line = "New-ResizeRecipe 'sv_ratio=5,sv_co"; text = "'sv_ratio=5,sv_count='" }
        @{ line = "New-ResizeRecipe 'sv_ratio=5,sv_count=o"; text = "'sv_ratio=5,sv_count=old'" }
        @{ line = 'New-ResizeRecipe sv_r'; text = "'sv_ratio='" }
        @{ line = "New-ResizeRecipe 'spn_ckpt=1, SIZ"; text = "'spn_ckpt=1,size='" }
        @{ line = "New-ResizeRecipe 'ret"; text = "'retain='" }
        @{ line = "New-ResizeRecipe 'retain=0.9,kee"; text = "'retain=0.9,keep='" }
        @{ line = "New-ResizeRecipe 'size=8,lo"; text = "'size=8,loss='" }
        @{ line = "New-ResizeRecipe 'rank=8,sv_k"; text = "'rank=8,sv_knee'" }
    ) {
        @(Get-Completion $line).CompletionText | Should -Be $text
    }

    It 'offers every key where a recipe begins' {
        (Get-Completion "New-ResizeRecipe 'rank=4:").ListItemText | Should -Be @(
            'spn_ckpt', 'spn_lora', 'fro_ckpt', 'fro_lora', 'subspace', 'params', 'thr', 'retain', 'loss', 'size', 'keep', 'rescale'
            'sv_ratio', 'sv_fro', 'sv_cumulative', 'sv_knee', 'rank', 'conv_rank')
    }

    It 'leaves out what is given already, and what excludes it' {
        $offered = (Get-Completion "New-ResizeRecipe 'spn_ckpt=1,thr=-1,sv_fro=0.9,").ListItemText
        $offered | Should -Contain 'rank'
        foreach ($taken in 'spn_ckpt', 'thr', 'size', 'retain', 'keep', 'sv_ratio', 'sv_fro', 'sv_knee') {
            $offered | Should -Not -Contain $taken
        }
    }

    It 'offers <offered> beside <given>, and not <refused>' -ForEach @(
        @{ given = 'retain=0.9'; offered = 'size', 'keep', 'sv_knee', 'rank'; refused = 'retain', 'thr', 'loss', 'sv_count' }
        @{ given = 'loss=0.1'; offered = 'size', 'keep', 'sv_knee', 'rank'; refused = 'loss', 'thr', 'retain', 'sv_count' }
        @{ given = 'size=8'; offered = 'keep', 'retain', 'loss'; refused = 'size', 'thr' }
        @{ given = 'keep=0.5'; offered = 'size', 'retain', 'loss'; refused = 'keep', 'thr' }
        @{ given = 'sv_knee'; offered = 'rank', 'retain'; refused = 'sv_knee', 'sv_ratio', 'sv_fro', 'sv_cumulative', 'sv_count' }
    ) {
        $words = (Get-Completion "New-ResizeRecipe '$given,").ListItemText
        foreach ($key in $offered) { $words | Should -Contain $key }
        foreach ($key in $refused) { $words | Should -Not -Contain $key }
    }

    It 'says what <_> means' -ForEach 'retain', 'loss', 'size', 'keep', 'sv_knee', 'thr', 'sv_fro' {
        $tip = (Get-Completion "New-ResizeRecipe '$_").ToolTip
        $tip | Should -BeLike "${_}: *"
        $tip | Should -Not -BeLike '*convolution*'
    }
}

Describe 'Completion of devices, layers and files' {
    It 'offers the devices that exist' {
        $offered = (Get-Completion 'Resize-Lora x.safetensors -Device ').CompletionText
        $offered | Should -Contain 'auto'
        $offered | Should -Contain 'cpu'
        (Get-Completion 'Resize-Lora x.safetensors -Device cp').CompletionText | Should -Be 'cpu'
    }

    It 'offers the layers of the file that the command names' {
        $offered = (Get-Completion "Get-LoraSpectrum '$lora' -Layer lora_te1_text_model_encoder_layers_0_mlp").CompletionText
        $offered | Sort-Object |
            Should -Be @('lora_te1_text_model_encoder_layers_0_mlp_fc1', 'lora_te1_text_model_encoder_layers_0_mlp_fc2')
    }

    It 'offers safetensors files and folders, quoted where they need it: -<_>' -ForEach 'Path', 'LiteralPath', 'Checkpoint' {
        $folder = New-TestFolder
        $null = [System.IO.Directory]::CreateDirectory((Join-Path $folder 'sub'))
        foreach ($name in 'a.safetensors', 'b c.safetensors', 'notes.txt') { [System.IO.File]::WriteAllText((Join-Path $folder $name), '') }
        $separator = [System.IO.Path]::DirectorySeparatorChar
        (Get-Completion "Resize-Lora -$_ $folder$separator").CompletionText |
            Should -Be @("$folder${separator}a.safetensors", "'$folder${separator}b c.safetensors'", "$folder${separator}sub")
    }

    It 'escapes the brackets of a name for -Path alone, and goes on from what it gave: -<parameter>, <typed>' -ForEach @(
        @{ parameter = 'Path'; typed = 'a'; given = "'a``[1``].safetensors'" }
        @{ parameter = 'Path'; typed = 'a`['; given = "'a``[1``].safetensors'" }
        @{ parameter = 'Path'; typed = "'a``[1"; given = "'a``[1``].safetensors'" }
        @{ parameter = 'Path'; typed = "'a``[1``].saf'"; given = "'a``[1``].safetensors'" }
        @{ parameter = 'Path'; typed = '"a``[1'; given = '"a``[1``].safetensors"' }
        @{ parameter = 'Path'; typed = "'sub ``[x``]/"; given = "'sub ``[x``]/b.safetensors'" }
        @{ parameter = 'LiteralPath'; typed = 'a'; given = "'a[1].safetensors'" }
        @{ parameter = 'LiteralPath'; typed = "'a[1"; given = "'a[1].safetensors'" }
        @{ parameter = 'Checkpoint'; typed = '"a[1'; given = '"a[1].safetensors"' }
    ) {
        $folder = New-TestFolder
        $null = [System.IO.Directory]::CreateDirectory((Join-Path $folder 'sub [x]'))
        foreach ($name in 'a[1].safetensors', 'sub [x]/b.safetensors') { [System.IO.File]::WriteAllText((Join-Path $folder $name), '') }
        Push-Location -LiteralPath $folder
        try {
            $offered = @(Get-Completion "Resize-Lora -$parameter $typed")
            $offered.CompletionText | Should -BeExactly $given
            (Get-Completion "Resize-Lora -$parameter $($offered.CompletionText)").CompletionText | Should -BeExactly $given
        }
        finally {
            Pop-Location
        }
    }

    It 'gives a name that means its file, whatever is in it: <name>, after <quote>' -ForEach @(
        $odd = "a$([char] 0x2019)b", "a$([char] 0x201D)b"
        foreach ($name in @('a$b', 'a`b', 'a b', "it's", 'a$(1)', 'a`[1] $x', 'a;b', '-a') + $odd + @(if (-not $IsWindows) { 'a"b' })) {
            foreach ($quote in '', "'", '"') { @{ name = $name; quote = $quote } }
        }
    ) {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder "$name.safetensors")
        Push-Location -LiteralPath $folder
        try {
            foreach ($parameter in 'Path', 'LiteralPath') {
                $text = (Get-Completion "Get-LoraInfo -$parameter ${quote}./").CompletionText
                if ($quote) { $text | Should -BeLike "$quote*$quote" }
                (& ([scriptblock]::Create("Get-LoraInfo -$parameter $text"))).Path | Should -Be $file
                (Get-Completion "Get-LoraInfo -$parameter $text").CompletionText | Should -BeExactly $text
            }
        }
        finally {
            Pop-Location
        }
    }

    It 'offers the layers of the files that a wildcard means' {
        $folder = New-TestFolder
        $null = Copy-Sample 'lora' (Join-Path $folder 'a[1].safetensors')
        foreach ($path in "'$folder/*.safetensors'", "-Path '$folder/a``[1``].safetensors'", "-LiteralPath '$folder/a[1].safetensors'") {
            (Get-Completion "Get-LoraSpectrum $path -Layer lora_te1_text_model_encoder_layers_0_mlp").CompletionText | Sort-Object |
                Should -Be @('lora_te1_text_model_encoder_layers_0_mlp_fc1', 'lora_te1_text_model_encoder_layers_0_mlp_fc2')
        }

        Get-Completion "Get-LoraSpectrum -LiteralPath '$folder/*.safetensors' -Layer lora" | Where-Object ListItemText -Like 'lora_*' |
            Should -BeNullOrEmpty
    }

    It 'offers the layers of the base model to Get-CheckpointNorm, in the quotes that were typed: <typed>' -ForEach @(
        @{ typed = 'lora_te1_text_model_encoder_layers_0_mlp_fc1'; given = 'lora_te1_text_model_encoder_layers_0_mlp_fc1' }
        @{ typed = "'lora_te1_text_model_encoder_layers_0_mlp_fc1"; given = "'lora_te1_text_model_encoder_layers_0_mlp_fc1'" }
        @{ typed = '*te1*layers_0_mlp_fc1'; given = 'lora_te1_text_model_encoder_layers_0_mlp_fc1' }
    ) {
        (Get-Completion "Get-CheckpointNorm '$(Get-SamplePath 'base')' -Layer $typed").CompletionText | Should -BeExactly $given
    }

    It 'never fails' {
        { Get-Completion "Get-LoraSpectrum /no/such/file -Layer x" } | Should -Not -Throw
        { Get-Completion "Resize-Lora -LiteralPath nodrive:\x" } | Should -Not -Throw
    }
}

Describe 'Get-LoraSpectrum -Layer' {
    It 'decomposes only the layers that are named, with wildcards' {
        (Get-LoraSpectrum $lora -Layer '*layers_0_mlp_fc1', 'lora_unet_middle_block_1_proj_in').Layer | Should -Be @(
            (Get-LoraSpectrum $lora).Layer | Where-Object { $_ -like '*layers_0_mlp_fc1' -or $_ -eq 'lora_unet_middle_block_1_proj_in' })
    }

    It 'says which layer is missing' {
        { Get-LoraSpectrum $lora -Layer 'nothing' -ErrorAction Stop } | Should -Throw "*has no layer 'nothing'*" -ErrorId 'LayerMissing*'
    }
}
