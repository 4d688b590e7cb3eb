# Several LoRA files as one.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $folder = New-TestFolder
    $a = Write-SafetensorsFile (Join-Path $folder 'a.safetensors') @(New-Layer $queryLayer -Rank 4)
    $b = Write-SafetensorsFile (Join-Path $folder 'b.safetensors') @(New-Layer $queryLayer -Rank 2; New-Layer $keyLayer -Rank 3)
    $recipe = 'spn_lora=1,thr=-9'
}

Describe 'Merge-Lora' {
    It 'goes into Resize-Lora without a file between' {
        $result = Merge-Lora $a, $b -Weight 0.7, 0.3 | Resize-Lora -Recipe $recipe -DType Float32
        [System.IO.Path]::GetFileName($result.Path) | Should -Be 'a@0.7+b@0.3_spnlora1_th-9.safetensors'
        $result.OldRank, $result.NewRank | Should -Be @(9, 7)
        $sigma = (Get-LoraSpectrum $result.Path | Where-Object Layer -EQ $queryLayer).SingularValues
        foreach ($pair in @(@(0, 1.0), @(1, 0.5), @(2, 0.233333333), @(3, 0.175))) {
            [Math]::Abs($sigma[$pair[0]] - $pair[1]) | Should -BeLessThan 1e-6
        }
    }

    It 'measures against a base model' {
        $env:RESIZELORA_CACHE, $userCache = (Join-Path $TestDrive 'cache'), $env:RESIZELORA_CACHE
        try {
            $result = Merge-Lora (Get-SamplePath 'lora'), $a |
                Resize-Lora -Checkpoint (Get-SamplePath 'base') -OutputDirectory (New-TestFolder) -WarningAction SilentlyContinue
            $result.RelativeErrorToBase | Should -BeGreaterThan 0
        }
        finally { $env:RESIZELORA_CACHE = $userCache }
    }

    It 'goes into Get-LoraSpectrum, and its layers into Resize-Lora' {
        $layers = Merge-Lora $a, $b | Get-LoraSpectrum
        $layers | ForEach-Object Rank | Should -Be @(6, 3)
        ($layers | Where-Object Layer -EQ $keyLayer | Resize-Lora -Recipe $recipe -OutputDirectory (New-TestFolder)).NewRank | Should -Be 3
    }

    It 'takes weights from objects, as Import-Csv gives them, and its own sources back' {
        $merge = [pscustomobject]@{ Path = $a; Weight = '0.7' }, [pscustomobject]@{ Path = $b; Weight = '-0.3' } | Merge-Lora -Name 'mine'
        $merge.Sources.Weight | Should -Be @(0.7, -0.3)
        $merge.Name | Should -Be 'mine'
        ($merge.Sources | Merge-Lora).Name | Should -Be 'a@0.7+b@-0.3'
    }

    It 'takes files from Get-ChildItem, with one weight for all, in the order in which they come' {
        $merge = Get-Item $b, $a | Merge-Lora -Weight 0.5
        $merge.Name | Should -Be 'b@0.5+a@0.5'
        (Get-Item $b, $a | Merge-Lora -Weight 0.25, 0.75).Sources.Weight | Should -Be @(0.25, 0.75)
    }

    It 'writes no file, and says what is in it' {
        $before = Get-FileName $folder
        $merge = Merge-Lora $a, $b
        Get-FileName $folder | Should -Be $before
        $merge.Layers.Layer | Should -Be @($queryLayer, $keyLayer)
        $merge.Layers | ForEach-Object Rank | Should -Be @(6, 3)
        ($merge | ConvertTo-Json -Depth 3 | ConvertFrom-Json).Layers[0].Rank | Should -Be 6
        $merge | Format-Table | Out-String | Should -BeLike '*a+b*'
    }

    It 'warns of tensors that belong to no layer when two files have one of the same name' {
        $first = Write-SafetensorsFile (Join-Path $folder 'first.safetensors') @(New-Layer $queryLayer -Rank 1; New-Tensor 'bundle_emb.word.string_to_param.*' @(1) @(0))
        $second = Write-SafetensorsFile (Join-Path $folder 'second.safetensors') @(New-Layer $queryLayer -Rank 1; New-Tensor 'bundle_emb.word.string_to_param.*' @(1) @(0))
        $merge = Merge-Lora $first, $second -WarningVariable warnings -WarningAction SilentlyContinue
        $merge.Rank | Should -Be 2
        "$warnings" | Should -BeLike "*left out, since an earlier file has tensors of their names: 1 tensor: bundle_emb.word.string_to_param.* of '*second.safetensors'*"
        $null = Merge-Lora $a, $b -WarningVariable none
        $none.Count | Should -Be 0
    }

    It 'merges all files or none: <id>' -ForEach @(
        @{ id = 'MergeIncomplete'; arguments = { @{ Path = $a, (Join-Path $folder '*.nothing') } } }
        @{ id = 'MergeWeightCount'; arguments = { @{ Path = $a, $b; Weight = 1, 2, 3 } } }
        @{ id = 'MergeEmpty'; arguments = { @{ Path = $a, $b; Weight = 0 } } }
        @{ id = 'MergeUnsupported'; arguments = { @{ Path = $a, (Get-SamplePath 'base') } } }
        @{ id = 'FileMissing'; arguments = { @{ LiteralPath = $a, (Join-Path $folder 'missing.safetensors') } } }
    ) {
        $splat = & $arguments
        { Merge-Lora @splat -ErrorAction Stop } | Should -Throw -ErrorId "$id,*"
    }

    It 'is refused by Resize-Lora when a file has changed since' {
        $changing = Write-SafetensorsFile (Join-Path (New-TestFolder) 'c.safetensors') @(New-Layer $queryLayer)
        $merge = Merge-Lora $changing, $b
        Edit-LastByte $changing
        $merge | Resize-Lora -Recipe $recipe -ErrorVariable failures -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failures.FullyQualifiedErrorId | Should -BeLike 'MergeStale,*'
    }
}
