# The main job: LoRA files in, smaller LoRA files out. Files of all kinds, names, and errors have test files of their own.
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

Describe 'Resize-Lora' {
    BeforeAll {
        $folder = New-TestFolder
        $result = Get-ChildItem $lora | Resize-Lora -Checkpoint $base -Recipe 'spn_ckpt=1,thr=-1.2' -OutputDirectory $folder
    }

    It 'writes a smaller file under a name that tells the recipe' {
        Get-FileName $folder | Should -Be 'lora_spnckpt1_th-1.2.safetensors'
        (Get-Item $result.Path).Length | Should -BeLessThan (Get-Item $lora).Length
    }

    It 'says what became of the file' {
        $result.GetType().FullName | Should -Be 'ResizeLora.Resizing.ResizeResult'
        $result.Source | Should -Be $lora
        $result.Path | Should -Be (Join-Path $folder 'lora_spnckpt1_th-1.2.safetensors')
        "$($result.Recipe)" | Should -Be 'spn_ckpt=1,thr=-1.2'
        $result.Threshold | Should -Be -1.2
        $result.OldRank, $result.NewRank | Should -Be @(784, 183)
        $result.LayersKept, $result.LayersDropped, $result.LayersPassedThrough | Should -Be @(50, 1, 0)
        $result.Elapsed | Should -BeGreaterThan ([timespan]::Zero)
    }

    It 'says the sizes exactly' {
        $result.OldLength | Should -Be (Get-Item $lora).Length
        $result.NewLength | Should -Be (Get-Item $result.Path).Length
        [Math]::Abs($result.Saved - (1 - $result.NewLength / $result.OldLength)) | Should -BeLessThan 1e-12
    }

    It 'says what was lost, against the LoRA and against the base model' {
        $result.RelativeErrorToLora | Should -BeGreaterThan 0
        $result.RelativeErrorToLora | Should -BeLessThan 1
        $result.RelativeErrorToBase | Should -BeGreaterThan 0
        $result.RelativeErrorToBase | Should -BeLessThan $result.RelativeErrorToLora
    }

    It 'says so of every layer, in the order of the file' {
        $result.Layers | Should -HaveCount 51
        $result.Layers.Layer | Should -Be @((Get-LoraSpectrum $lora).Layer)
        ($result.Layers | Measure-Object NewRank -Sum).Sum | Should -Be 183
        $first = $result.Layers[0]
        "$first" | Should -Be 'lora_unet_input_blocks_1_0_in_layers_2: 8 -> 4'
        $first.Component, $first.Kind | Should -Be @('UNet', 'Convolution3x3')
        $first.OldRank, $first.NewRank | Should -Be @(8, 4)
        $first.RelativeErrorToBase | Should -BeLessThan $first.RelativeErrorToLora
    }

    It 'pipes its result into Get-Item' {
        ($result | Get-Item).FullName | Should -Be $result.Path
    }

    It 'shows its result as a table' {
        $table = $result | Format-Table | Out-String -Width 120
        $table | Should -Match 'Rank +MiB +Saved% +Error% +Recipe +File'
        $table | Should -Match '784 -> 183 +0\.31 -> 0\.09 +71\.4 +43\.1 +spn_ckpt=1,thr=-1\.2 +lora\.safetensors'
    }

    It 'shows its layers as a table by component' {
        $table = $result.Layers | Format-Table | Out-String -Width 120
        $table | Should -Match 'Component: TextEncoder1'
        $table | Should -Match 'Conv3x3 LoCon +8 -> 4 .*lora_unet_input_blocks_1_0_in_layers_2'
    }

    It 'gives a result that goes into CSV and JSON' {
        $csv = Join-Path (New-TestFolder) 'log.csv'
        $result | Select-Object Source, Path, Recipe, NewRank | Export-Csv $csv
        (Get-Content $csv)[-1] | Should -BeLike "*$($result.Path)*spn_ckpt=1,thr=-1.2*183*"
        $json = $result | ConvertTo-Json -Depth 4 -ErrorAction Stop
        [System.Text.Json.JsonDocument]::Parse($json).RootElement.GetProperty('NewRank').GetInt32() | Should -Be 183
    }

    It 'describes its result in a line' {
        "$result" | Should -Be "$lora -> $($result.Path), rank 784 -> 183"
    }

    It 'writes a LoRA that has the kept ranks and the strongest singular values of the old one' {
        $before = Get-LoraSpectrum $lora
        $after = Get-LoraSpectrum $result.Path
        $after | Should -HaveCount 50
        foreach ($layer in $after) {
            $old = $before | Where-Object Layer -EQ $layer.Layer
            $layer.Rank | Should -Be ($result.Layers | Where-Object Layer -EQ $layer.Layer).NewRank
            # Written in 16 bits, of which 11 are digits.
            for ($i = 0; $i -lt $layer.Rank; $i++) {
                [Math]::Abs($layer.SingularValues[$i] / $old.SingularValues[$i] - 1) | Should -BeLessThan 0.002
            }
        }
    }

    It 'leaves the input as it was' {
        $copy = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'mine.safetensors')
        $null = Resize-Lora $copy -Recipe 'spn_lora,thr=-0.7'
        Get-Sha256 $copy | Should -Be (Get-Sha256 $lora)
        (Get-Item $copy).LastWriteTimeUtc | Should -Be (Get-Item $lora).LastWriteTimeUtc
    }

    It 'gives the same bytes every time' {
        $again = Resize-Lora $lora -Checkpoint $base -OutputDirectory (New-TestFolder)
        Get-Sha256 $again.Path | Should -Be (Get-Sha256 $result.Path)
    }

    It 'uses spn_ckpt=1,thr=-1.2 when no recipe is given' {
        "$((Resize-Lora $lora -Checkpoint $base -OutputDirectory (New-TestFolder)).Recipe)" | Should -Be 'spn_ckpt=1,thr=-1.2'
    }

    It 'needs no base model for recipes of the LoRA''s own scores: <_>' -ForEach 'spn_lora,thr=-0.7', 'fro_lora,thr=-0.9', 'params,thr=-2.2' {
        $own = Resize-Lora $lora -Recipe $_ -OutputDirectory (New-TestFolder)
        $own.NewRank | Should -BeLessThan 784
        $own.RelativeErrorToBase | Should -BeNullOrEmpty
    }

    It 'changes the strength by rescale' {
        $half = Resize-Lora $lora -Recipe 'spn_lora,rescale=0.5,thr=-9' -OutputDirectory $folder
        $before = Get-LoraSpectrum $lora | Select-Object -First 1
        $after = Get-LoraSpectrum $half.Path | Where-Object Layer -EQ $before.Layer
        [Math]::Abs($after.SpectralNorm / $before.SpectralNorm - 0.5) | Should -BeLessThan 0.001
    }
}

Describe 'Recipes of Resize-Lora' {
    BeforeAll {
        $folder = New-TestFolder
        $first, $second = New-ResizeRecipe 'spn_lora=1,thr=-0.7:params=1,thr=-2.2'
    }

    It 'come as <form>' -ForEach @(
        @{ form = 'an array of strings'; recipe = 'spn_lora,thr=-0.7', 'params,thr=-2.2' }
        @{ form = 'one string with a colon'; recipe = 'spn_lora,thr=-0.7:params,thr=-2.2' }
    ) {
        $results = Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder)
        $results | Should -HaveCount 2
        $results.Recipe | Should -Be @($first, $second)
    }

    It 'come as objects' {
        $results = Resize-Lora $lora -Recipe $first, $second -OutputDirectory (New-TestFolder)
        $results.Recipe | Should -Be @($first, $second)
    }

    It 'come as what New-ResizeRecipe makes of parameters' {
        $result = Resize-Lora $lora -Recipe (New-ResizeRecipe -SpnLora 1 -Params 0.1 -Size 0.1) -OutputDirectory $folder
        $result.NewLength | Should -BeLessOrEqual (0.1 * 1MB)
    }

    It 'come as strings and objects mixed' {
        (Resize-Lora $lora -Recipe 'spn_lora,thr=-0.7', $second -OutputDirectory (New-TestFolder)).Recipe | Should -Be @($first, $second)
    }

    It 'come after the path without a name' {
        (Resize-Lora $lora 'spn_lora,thr=-0.3' -OutputDirectory $folder).Threshold | Should -Be -0.3
    }

    It 'are applied to every file, one output each' {
        $copy = Copy-Sample 'lora' (Join-Path $folder 'copy.safetensors')
        $results = Resize-Lora $lora, $copy -Recipe $first, $second -OutputDirectory (New-TestFolder)
        $results.Source | Should -Be @($lora, $lora, $copy, $copy)
        $results.Recipe | Should -Be @($first, $second, $first, $second)
    }
}

Describe 'Resize-Lora to a size' {
    It 'keeps the file within <size> MiB, to the byte' -ForEach @(
        @{ size = 0.03 }
        @{ size = 0.05 }
        @{ size = 0.1 }
        @{ size = 0.123456 }
        @{ size = 0.25 }
    ) {
        $result = Resize-Lora $lora -Recipe "spn_lora,size=$($size.ToString([cultureinfo]::InvariantCulture))" -OutputDirectory (New-TestFolder)
        $limit = [long] [Math]::Floor($size * 1MB)
        $length = (Get-Item $result.Path).Length
        $length | Should -BeLessOrEqual $limit
        # One dimension more would not fit: the largest layer's takes 2 * (640 + 80) bytes, a layer's first also a place in the header.
        $length | Should -BeGreaterThan ($limit - 2 * 720 - 512)
    }

    It 'keeps the dimensions with the highest scores' {
        $result = Resize-Lora $lora -Recipe 'spn_lora,size=0.1' -OutputDirectory (New-TestFolder)
        # The threshold is the score of the best dimension that went: the power of ten may round to either side of its σ/σ1.
        $threshold = [Math]::Pow(10, $result.Threshold) * (1 + 1e-9)
        foreach ($layer in Get-LoraSpectrum $lora | Where-Object SpectralNorm -GT 0) {
            $above = @($layer.SingularValues | Where-Object { $_ / $layer.SpectralNorm -gt $threshold }).Count
            ($result.Layers | Where-Object Layer -EQ $layer.Layer).NewRank | Should -Be $above
        }
    }

    It 'cuts nothing when everything fits' {
        $result = Resize-Lora $lora -Recipe 'spn_lora,size=1' -OutputDirectory (New-TestFolder)
        $result.Threshold | Should -Be ([double]::NegativeInfinity)
        $result.RelativeErrorToLora | Should -BeLessThan 1e-6
        [System.IO.Path]::GetFileName($result.Path) | Should -Be 'lora_spnlora1_size1_th-inf.safetensors'
    }
}

Describe 'Resize-Lora on layers' {
    BeforeAll {
        $recipes = 'spn_lora,thr=-0.7', 'params,thr=-2.2'
        $layers = Get-LoraSpectrum $lora
    }

    It 'writes the layers that Where-Object let through, for each recipe' {
        $results = Get-LoraSpectrum $lora | Where-Object Component -EQ UNet | Resize-Lora -Recipe $recipes -OutputDirectory (New-TestFolder)
        $results | Should -HaveCount 2
        foreach ($result in $results) {
            $result.Source | Should -Be $lora
            $result.Layers | Should -HaveCount 27
            (Read-SafetensorsHeader $result.Path).Tensors.Name | Should -BeLike 'lora_unet_*'
        }
    }

    It 'writes the same bytes as from the file, when all layers come' {
        $direct = Resize-Lora $lora -Recipe $recipes -OutputDirectory (New-TestFolder)
        $piped = $layers | Resize-Lora -Recipe $recipes -OutputDirectory (New-TestFolder)
        $piped | Should -HaveCount 2
        foreach ($i in 0, 1) {
            Get-Sha256 $piped[$i].Path | Should -Be (Get-Sha256 $direct[$i].Path)
        }
    }

    It 'does not mind in which order they come' {
        $sorted = $layers | Sort-Object SpectralNorm -Descending | Resize-Lora -Recipe $recipes[0] -OutputDirectory (New-TestFolder)
        $direct = Resize-Lora $lora -Recipe $recipes[0] -OutputDirectory (New-TestFolder)
        $sorted.Layers.Layer | Should -Be $direct.Layers.Layer
        Get-Sha256 $sorted.Path | Should -Be (Get-Sha256 $direct.Path)
    }

    It 'takes them again and again, once they are in a variable' {
        foreach ($threshold in '-0.3', '-0.5') {
            ($layers | Resize-Lora -Recipe "spn_lora,thr=$threshold" -OutputDirectory (New-TestFolder)).LayersKept | Should -Be 50
        }
    }

    It 'takes them from -InputObject' {
        (Resize-Lora -InputObject $layers[0, 1] -Recipe $recipes[0] -OutputDirectory (New-TestFolder)).Layers | Should -HaveCount 2
    }

    It 'measures against the base model that the layers were measured against' {
        $piped = Get-LoraSpectrum $lora -Checkpoint $base | Resize-Lora -OutputDirectory (New-TestFolder)
        $direct = Resize-Lora $lora -Checkpoint $base -OutputDirectory (New-TestFolder)
        $piped.NewRank | Should -Be 183
        Get-Sha256 $piped.Path | Should -Be (Get-Sha256 $direct.Path)
    }

    It 'measures layers against a base model of its own' {
        ($layers | Resize-Lora -Checkpoint $base -OutputDirectory (New-TestFolder)).NewRank | Should -Be 183
    }

    It 'compares subspaces with the base model that the layers were measured against' {
        $recipe = 'subspace=0.5,spn_ckpt=0.5,thr=-0.4'
        $piped = Get-LoraSpectrum $lora -Checkpoint $base | Resize-Lora -Recipe $recipe -OutputDirectory (New-TestFolder)
        $piped.NewRank | Should -Be (Resize-Lora $lora -Checkpoint $base -Recipe $recipe -OutputDirectory (New-TestFolder)).NewRank
    }

    It 'writes one file for each file that the layers come from' {
        $copy = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'second.safetensors')
        $results = Get-LoraSpectrum $lora, $copy | Resize-Lora -Recipe $recipes[0] -OutputDirectory (New-TestFolder)
        $results.Source | Should -Be @($lora, $copy)
        $results.LayersKept | Should -Be @(50, 50)
    }
}

Describe 'The type of the output' {
    It 'is Float16 when nothing is said' {
        $result = Resize-Lora $lora -Recipe 'spn_lora,thr=-0.3' -OutputDirectory (New-TestFolder)
        (Read-SafetensorsHeader $result.Path).Tensors.Type | Sort-Object -Unique | Should -Be 'F16'
    }

    It '<type>: -DType <dtype>' -ForEach @(
        @{ dtype = 'Float16'; type = 'F16' }
        @{ dtype = 'BFloat16'; type = 'BF16' }
        @{ dtype = 'Float32'; type = 'F32' }
        @{ dtype = 16; type = 'F16' }
        @{ dtype = 32; type = 'F32' }
        @{ dtype = 'bf16'; type = 'BF16' }
        @{ dtype = 'fp16'; type = 'F16' }
        @{ dtype = 'float'; type = 'F32' }
    ) {
        $result = Resize-Lora $lora -Recipe 'spn_lora,thr=-0.3' -DType $dtype -OutputDirectory (New-TestFolder)
        (Read-SafetensorsHeader $result.Path).Tensors.Type | Sort-Object -Unique | Should -Be $type
    }

    It 'is no other' {
        { Resize-Lora $lora -Recipe 'spn_lora,thr=-0.3' -DType 8 } | Should -Throw -ErrorId 'CannotConvertArgumentNoMessage*'
        { Resize-Lora $lora -Recipe 'spn_lora,thr=-0.3' -DType Float64 } | Should -Throw -ErrorId 'CannotConvertArgumentNoMessage*'
    }

    It 'says how much of the LoRA stays in 32 bits as in 16' {
        $narrow = Resize-Lora $lora -Recipe 'spn_lora,thr=-0.7' -OutputDirectory (New-TestFolder)
        $wide = Resize-Lora $lora -Recipe 'spn_lora,thr=-0.7' -DType 32 -OutputDirectory (New-TestFolder)
        $wide.NewRank | Should -Be $narrow.NewRank
        $wide.NewLength | Should -BeGreaterThan (1.5 * $narrow.NewLength)
    }
}

Describe 'The device' {
    It 'can be named: -Device <_>' -ForEach 'auto', 'cpu', 'CPU' {
        (Resize-Lora $lora -Recipe 'spn_lora,thr=-0.7' -Device $_ -OutputDirectory (New-TestFolder)).NewRank | Should -Be 366
    }
}

Describe 'What Resize-Lora says with -Verbose' {
    BeforeAll {
        $output = Resize-Lora $lora -Checkpoint $base -OutputDirectory (New-TestFolder) -Verbose 4>&1
        $verbose = $output | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message
    }

    It 'are the quantiles of the scores' {
        $verbose -like "*'$lora', recipe 'spn_ckpt=1,thr=-1.2': score quantiles 0.01:-2.180 0.10:-1.903 0.25:-1.724 0.50:-1.485 0.75:-1.205 0.90:-0.976 0.99:-0.592" |
            Should -HaveCount 1
    }

    It 'are threshold, total rank and sizes' {
        $verbose -like '*threshold -1.2, total rank 784 -> 183, 50 of 51 layers kept, 326,342 -> *bytes*' | Should -HaveCount 1
    }

    It 'is which layer is all zero and is dropped' {
        $verbose -like "*layer 'lora_unet_input_blocks_4_1_proj_in' (rank 16) is all zero and is dropped*" | Should -HaveCount 1
    }

    It 'reads the same in any culture' {
        $foreign = Use-Culture (Get-CommaCulture) {
            Resize-Lora $lora -Checkpoint $base -OutputDirectory (New-TestFolder) -Verbose 4>&1
        }
        $foreign | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message |
            Where-Object { $_ -like '*recipe*score quantiles*' -or $_ -like '*total rank*kept*' } |
            Should -Be @($verbose | Where-Object { $_ -like '*recipe*score quantiles*' -or $_ -like '*total rank*kept*' })
    }
}

Describe 'Progress of Resize-Lora' {
    BeforeAll {
        $copy = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'second.safetensors')
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
        $null = $shell.AddScript('param($module, $files, $folder) Import-Module $module; Resize-Lora $files -Recipe "spn_lora,thr=-0.7" -OutputDirectory $folder')
        $null = $shell.AddArgument((Get-Module ResizeLora).Path.Replace('.psm1', '.psd1')).AddArgument(@($lora, $copy)).AddArgument((New-TestFolder))
        $results = $shell.Invoke()
        $outer = @($shell.Streams.Progress | Where-Object Activity -EQ 'Resizing LoRA files')
        $inner = @($shell.Streams.Progress | Where-Object ParentActivityId -EQ $outer[0].ActivityId)
        $shell.Dispose()
    }

    It 'counts the files' {
        $results | Should -HaveCount 2
        $outer.StatusDescription | Should -Contain 'lora.safetensors (1 of 2)'
        $outer.StatusDescription | Should -Contain 'second.safetensors (2 of 2)'
    }

    It 'says how far the whole is, and never goes back' {
        $percent = @($outer | Where-Object RecordType -EQ 'Processing' | ForEach-Object PercentComplete)
        $percent | Should -Be @($percent | Sort-Object)
        $percent[-1] | Should -BeLessOrEqual 100
    }

    It 'names the step below the file' {
        $inner.Count | Should -BeGreaterThan 0
        $inner.Activity -match '^(Decomposing|Writing) ' | Should -Not -BeNullOrEmpty
    }

    It 'goes away at the end' {
        $outer[-1].RecordType | Should -Be 'Completed'
    }
}
