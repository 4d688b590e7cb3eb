# How far two LoRA files are apart.
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

Describe 'Compare-Lora after Resize-Lora' {
    BeforeAll {
        $folder = New-TestFolder
        $recipes = 'spn_ckpt=1,thr=-1.2', 'spn_lora=1,thr=-0.7', 'spn_lora=1,size=0.1'
        $results = @(Resize-Lora $lora -Checkpoint $base -Recipe $recipes -DType Float32 -OutputDirectory $folder)
        $comparisons = @($results | Compare-Lora -ReferencePath $lora -Checkpoint $base)
    }

    It 'gives one object for each output' {
        $comparisons | Should -HaveCount 3
        $comparisons[0].GetType().FullName | Should -Be 'ResizeLora.Comparison.LoraComparison'
        $comparisons.Path | Should -Be $results.Path
        $comparisons.ReferencePath | Sort-Object -Unique | Should -Be $lora
    }

    It 'measures in the files what Resize-Lora said it would lose' {
        for ($i = 0; $i -lt 3; $i++) {
            [Math]::Abs($comparisons[$i].RelativeErrorToLora - $results[$i].RelativeErrorToLora) | Should -BeLessThan 1e-6
            [Math]::Abs($comparisons[$i].RelativeErrorToBase - $results[$i].RelativeErrorToBase) | Should -BeLessThan 1e-6
            $comparisons[$i].OtherRank | Should -Be $results[$i].NewRank
        }
    }

    It 'measures it layer by layer' {
        foreach ($layer in $results[0].Layers) {
            $compared = $comparisons[0].Layers | Where-Object Layer -EQ $layer.Layer
            [Math]::Abs($compared.RelativeErrorToLora - $layer.RelativeErrorToLora) | Should -BeLessThan 1e-6
            $compared.ReferenceRank, $compared.OtherRank | Should -Be @($layer.OldRank, $layer.NewRank)
        }
    }

    It 'gives a cosine that follows from the error of a truncation' {
        foreach ($comparison in $comparisons) {
            $expected = [Math]::Sqrt(1 - $comparison.RelativeErrorToLora * $comparison.RelativeErrorToLora)
            [Math]::Abs($comparison.Cosine - $expected) | Should -BeLessThan 1e-6
        }
    }

    It 'names the layers that were dropped' {
        $dropped = @($results[0].Layers | Where-Object NewRank -EQ 0).Layer
        $comparisons[0].OnlyInReference | Sort-Object | Should -Be @($dropped | Sort-Object)
        $comparisons[0].OnlyInOther | Should -BeNullOrEmpty
        $comparisons[0].Layers | Where-Object Presence -EQ 'ReferenceOnly' | Where-Object ReferenceNorm -GT 0 |
            ForEach-Object { $_.RelativeErrorToLora, $_.Cosine | Should -Be @(1, 0) }
    }

    It 'knows the source of a result without being told' {
        $own = @($results | Compare-Lora)
        $own.ReferencePath | Sort-Object -Unique | Should -Be $lora
        $own[1].RelativeErrorToLora | Should -Be $comparisons[1].RelativeErrorToLora
        $own[1].RelativeErrorToBase | Should -BeNullOrEmpty
    }

    It 'sees the rounding of the written type, and no more, in a file that lost nothing' {
        $recipe = 'spn_lora=1,thr=-9'
        (Resize-Lora $lora -Recipe $recipe -DType Float32 -OutputDirectory (New-TestFolder) | Compare-Lora).RelativeErrorToLora |
            Should -BeLessThan 1e-6
        $half = Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder) | Compare-Lora
        $half.RelativeErrorToLora | Should -BeLessThan 1e-3
        $half.RelativeErrorToLora | Should -BeGreaterThan 1e-5
    }

    It 'shows a table that fits 80 columns' {
        $table = $comparisons | Format-Table | Out-String -Width 80
        $table | Should -Match 'Rank +Layers +Error% +OfBase% +Cosine File'
        $layers = $comparisons[0].Layers | Format-Table | Out-String -Width 80
        $layers | Should -Match 'Component: TextEncoder1'
        ($table + $layers) -split "`n" | Where-Object { $_.TrimEnd().Length -gt 80 } | Where-Object { $_ -notmatch 'ReferencePath:' } |
            Should -BeNullOrEmpty
    }
}

Describe 'Compare-Lora on files of different makes' {
    BeforeAll {
        $folder = New-TestFolder
        $reference = Write-SafetensorsFile (Join-Path $folder 'reference.safetensors') @(
            New-Layer $queryLayer -Rank 4
            New-Layer $keyLayer -Rank 2
        )
    }

    It 'finds a file equal to itself, exactly' {
        $comparison = Compare-Lora $reference $reference
        $comparison.RelativeErrorToLora, $comparison.Cosine | Should -Be @(0, 1)
    }

    It 'takes other order and other types as the same' {
        $other = Write-SafetensorsFile (Join-Path $folder 'other.safetensors') @(
            New-Layer $keyLayer -Rank 2 -Type F64
            New-Layer $queryLayer -Rank 4 -Type F32 -Alpha $null
        )
        (Compare-Lora $reference $other).RelativeErrorToLora | Should -BeLessThan 1e-6
    }

    It 'sees a strength that alpha changed: error 0.5, cosine 1' {
        $other = Write-SafetensorsFile (Join-Path $folder 'weaker.safetensors') @(
            New-Layer $queryLayer -Rank 4 -Alpha 2
            New-Layer $keyLayer -Rank 2 -Alpha 1
        )
        $comparison = Compare-Lora $reference $other
        [Math]::Abs($comparison.RelativeErrorToLora - 0.5) | Should -BeLessThan 1e-6
        [Math]::Abs($comparison.Cosine - 1) | Should -BeLessThan 1e-6
    }

    It 'compares a folder with one reference' {
        $null = Copy-Sample 'lora' (Join-Path $folder 'unrelated.safetensors')
        $all = @(Get-ChildItem $folder | Compare-Lora -ReferencePath $reference)
        $all | Should -HaveCount ([System.IO.Directory]::GetFiles($folder).Count)
        @($all | Where-Object RelativeErrorToLora -EQ 0).Path | Should -Contain $reference
    }

    It 'warns of what it does not compare' {
        $extended = Write-SafetensorsFile (Join-Path (New-TestFolder) 'dora.safetensors') @(
            New-Layer $queryLayer -Rank 4
            New-Tensor "$keyLayer.dora_scale" @(2) @(1, 2)
        )
        $comparison = Compare-Lora $reference $extended -WarningVariable warnings -WarningAction SilentlyContinue
        $comparison.TensorsNotCompared | Should -Be "$keyLayer.dora_scale"
        $comparison.OnlyInReference | Should -Be $keyLayer
        $warnings | Should -HaveCount 1
    }
}

Describe 'The errors of Compare-Lora' {
    It 'end the command when the reference is none: <id>' -ForEach @(
        @{ id = 'FileMissing'; make = { Join-Path (New-TestFolder) 'nothing.safetensors' } }
        @{ id = 'FileUnsupported'; make = { Copy-Sample 'base' (Join-Path (New-TestFolder) 'model.safetensors') } }
        @{ id = 'FileUnsupported'; make = { Copy-Sample 'lora' (Join-Path (New-TestFolder) 'old.ckpt') } }
    ) {
        $reference = & $make
        { Compare-Lora $reference $lora } | Should -Throw -ErrorId "$id*"
    }

    It 'concern one file where a layer has another shape' {
        $reference = Write-SafetensorsFile (Join-Path (New-TestFolder) 'reference.safetensors') (New-Layer $queryLayer)
        $bad = Write-SafetensorsFile (Join-Path (New-TestFolder) 'bad.safetensors') (New-Layer $queryLayer -In 80)
        $good = @($bad, $reference | Compare-Lora -ReferencePath $reference -ErrorVariable errors -ErrorAction SilentlyContinue)
        $good.Path | Should -Be $reference
        $errors | Should -HaveCount 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'LayerShapeMismatch*'
        $errors[0].TargetObject | Should -Be $bad
    }
}
