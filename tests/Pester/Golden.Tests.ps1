# The golden case through the cmdlets: what the reference program makes of the sample, with singular values and norms in float64.
BeforeDiscovery {
    $golden = [System.IO.Path]::Combine($PSScriptRoot, '..', 'ResizeLora.Engine.Tests', 'Golden', 'expected.json')
    $expected = [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText($golden)).RootElement
    $names = $expected.GetProperty('recipes').EnumerateObject() | ForEach-Object Name
    $byThreshold = $names | Where-Object { $_ -like '*thr=*' }
    $bySize = $names | Where-Object { $_ -like '*size=*' }
    # The counts since pull request 2194, and those before it, which a recipe asks for.
    $byKohya = foreach ($name in 'expected-kohya-counts.json', 'expected-kohya.json') {
        $golden = [System.IO.Path]::Combine($PSScriptRoot, '..', 'ResizeLora.Engine.Tests', 'Golden', $name)
        $recipes = [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText($golden)).RootElement.GetProperty('recipes')
        foreach ($recipe in $recipes.EnumerateObject()) {
            $isOld = $name -eq 'expected-kohya.json' -and $recipe.Name -like 'sv_*'
            @{ recipe = $recipe.Name + $(if ($isOld) { ',sv_count=old' }); keptRank = $recipe.Value.GetProperty('kept_rank') }
        }
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    $golden = [System.IO.Path]::Combine($PSScriptRoot, '..', 'ResizeLora.Engine.Tests', 'Golden', 'expected.json')
    $expected = [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText($golden)).RootElement
    $layers = @(Get-LoraSpectrum $lora -Checkpoint $base)

    function Test-Close([double] $Value, [double] $Reference, [double] $Tolerance) {
        [Math]::Abs($Value - $Reference) -le $Tolerance * $Reference
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'The spectra of the sample' {
    It 'are those of every layer that the reference knows' {
        $layers.Layer | Sort-Object | Should -Be @($expected.GetProperty('layers').EnumerateObject() | ForEach-Object Name | Sort-Object)
    }

    It 'have ranks, alphas and shapes as the reference' {
        foreach ($layer in $layers) {
            $reference = $expected.GetProperty('layers').GetProperty($layer.Layer)
            $layer.Rank, $layer.OutFeatures, $layer.InFeatures | Should -Be @(
                $reference.GetProperty('rank').GetInt32(), $reference.GetProperty('out').GetInt32(), $reference.GetProperty('in').GetInt32())
            $layer.Alpha | Should -Be $reference.GetProperty('alpha').GetDouble()
        }
    }

    It 'have singular values within 1e-4 of float64, down to 1e-4 of the largest' {
        foreach ($layer in $layers) {
            $reference = @($expected.GetProperty('layers').GetProperty($layer.Layer).GetProperty('singular_values').EnumerateArray() | ForEach-Object { $_.GetDouble() })
            $layer.SingularValues.Length | Should -Be $reference.Length
            for ($i = 0; $i -lt $reference.Length -and $reference[$i] -ge 1e-4 * $reference[0]; $i++) {
                Test-Close $layer.SingularValues[$i] $reference[$i] 1e-4 |
                    Should -BeTrue -Because "singular value $i of $($layer.Layer) is $($reference[$i]), not $($layer.SingularValues[$i])"
            }
        }
    }

    It 'have norms of the base model within 1e-5' {
        foreach ($layer in $layers) {
            $reference = $expected.GetProperty('layers').GetProperty($layer.Layer)
            Test-Close $layer.BaseSpectralNorm $reference.GetProperty('base_spectral_norm').GetDouble() 1e-5 |
                Should -BeTrue -Because "it is $($layer.Layer)'s"
            Test-Close $layer.BaseFrobeniusNorm $reference.GetProperty('base_frobenius_norm').GetDouble() 1e-5 |
                Should -BeTrue -Because "it is $($layer.Layer)'s"
        }
    }
}

Describe 'A recipe on the sample' {
    It 'has the weights of the reference: <_>' -ForEach ($byThreshold + $bySize) {
        $recipe = New-ResizeRecipe $_
        $weights = $expected.GetProperty('recipes').GetProperty($_).GetProperty('weights')
        foreach ($key in 'spn_ckpt', 'spn_lora', 'fro_ckpt', 'fro_lora', 'subspace', 'params') {
            $weight = $weights.GetProperty($key).GetDouble()
            if ($weight -gt 0) {
                Test-Close $recipe.Weights[$key] $weight 1e-12 | Should -BeTrue
            }
            else {
                $recipe.Weights.ContainsKey($key) | Should -BeFalse
            }
        }
    }

    It 'keeps the ranks of the reference: <_>' -ForEach $byThreshold {
        $reference = $expected.GetProperty('recipes').GetProperty($_)
        $threshold = $reference.GetProperty('threshold').GetDouble()
        $result = Resize-Lora $lora -Checkpoint $base -Recipe $_ -OutputDirectory (New-TestFolder)
        foreach ($layer in $result.Layers) {
            # A dimension whose score lies within 1e-3 of the threshold may fall on either side. The all-zero layer has no scores.
            $least = $most = 0
            if ($layer.Layer -cne $expected.GetProperty('zero_layer').GetString()) {
                foreach ($score in $reference.GetProperty('scores').GetProperty($layer.Layer).EnumerateArray()) {
                    if ($score.ValueKind -ne 'Number') { continue }
                    if ($score.GetDouble() -gt $threshold + 1e-3) { $least++ }
                    if ($score.GetDouble() -gt $threshold - 1e-3) { $most++ }
                }
            }
            $layer.NewRank | Should -BeGreaterOrEqual $least -Because "it is $($layer.Layer)'s"
            $layer.NewRank | Should -BeLessOrEqual $most -Because "it is $($layer.Layer)'s"
        }
        $written = (Read-SafetensorsHeader $result.Path).Tensors | Where-Object Name -Like '*.lora_down.weight'
        ($written | ForEach-Object { $_.Shape[0] } | Measure-Object -Sum).Sum | Should -Be $result.NewRank
    }

    It 'keeps no more than the reference, which counts no header, and stays within the size: <_>' -ForEach $bySize {
        $reference = $expected.GetProperty('recipes').GetProperty($_)
        $result = Resize-Lora $lora -Checkpoint $base -Recipe $_ -OutputDirectory (New-TestFolder)
        foreach ($kept in $reference.GetProperty('kept_rank').EnumerateObject()) {
            ($result.Layers | Where-Object Layer -EQ $kept.Name).NewRank | Should -BeLessOrEqual $kept.Value.GetInt32()
        }
        (Get-Item $result.Path).Length | Should -BeLessOrEqual $result.Recipe.SizeInBytes
    }
}

Describe "A recipe of kohya's methods on the sample" {
    It 'keeps the ranks of his tool, in the result and in the file: <recipe>' -ForEach $byKohya {
        $result = Resize-Lora $lora -Recipe $recipe -OutputDirectory (New-TestFolder)
        $written = @{}
        (Read-SafetensorsHeader $result.Path).Tensors | Where-Object Name -Like '*.lora_down.weight' |
            ForEach-Object { $written[$_.Name] = $_.Shape[0] }
        foreach ($kept in $keptRank.EnumerateObject()) {
            ($result.Layers | Where-Object Layer -EQ $kept.Name).NewRank |
                Should -Be $kept.Value.GetInt32() -Because "it is $($kept.Name)'s"
            $written["$($kept.Name).lora_down.weight"] | Should -Be $kept.Value.GetInt32() -Because "it is $($kept.Name)'s"
        }
        $result.Threshold | Should -BeNullOrEmpty
    }

    It 'writes the old and the new count into two files' {
        $out = New-TestFolder
        $new, $old = Resize-Lora $lora -Recipe 'sv_ratio=5', 'sv_ratio=5,sv_count=old' -OutputDirectory $out
        $old.NewRank | Should -BeGreaterThan $new.NewRank
        Split-Path $new.Path, $old.Path -Leaf | Should -Be @('lora_svratio5.safetensors', 'lora_svratio5_svcountold.safetensors')
        Get-FileName $out | Should -HaveCount 2
    }

    It 'leaves the stricter to decide beside a score' {
        $out = New-TestFolder
        $score, $ratio, $both = Resize-Lora $lora -Checkpoint $base -Recipe 'spn_ckpt=1,thr=-1.2', 'sv_ratio=3', 'spn_ckpt=1,thr=-1.2,sv_ratio=3' -OutputDirectory $out
        for ($i = 0; $i -lt $both.Layers.Count; $i++) {
            $both.Layers[$i].NewRank | Should -Be ([Math]::Min($score.Layers[$i].NewRank, $ratio.Layers[$i].NewRank))
        }
        $both.Threshold | Should -Be -1.2
        Get-FileName $out |
            Should -Be @('lora_spnckpt1_svratio3_th-1.2.safetensors', 'lora_spnckpt1_th-1.2.safetensors', 'lora_svratio3.safetensors')
    }

    It 'stays within a size beside a cap' {
        $result = Resize-Lora $lora -Recipe 'spn_lora=1,size=0.1,rank=6,conv_rank=2' -OutputDirectory (New-TestFolder)
        (Get-Item $result.Path).Length | Should -BeLessOrEqual $result.Recipe.SizeInBytes
        ($result.Layers | Where-Object Kind -EQ 'Linear' | Measure-Object NewRank -Maximum).Maximum | Should -BeLessOrEqual 6
        ($result.Layers | Where-Object Kind -NE 'Linear' | Measure-Object NewRank -Maximum).Maximum | Should -BeLessOrEqual 2
    }

    It 'is skipped when it was done before, and refused without -SkipExisting' {
        $out = New-TestFolder
        $null = Resize-Lora $lora -Recipe 'sv_ratio=5,rank=8' -OutputDirectory $out
        Resize-Lora $lora -Recipe 'sv_ratio=5,rank=8' -OutputDirectory $out -SkipExisting | Should -BeNullOrEmpty
        { Resize-Lora $lora -Recipe 'sv_ratio=5,rank=8' -OutputDirectory $out -ErrorAction Stop } | Should -Throw -ErrorId 'OutputExists*'
        Get-FileName $out | Should -Be 'lora_svratio5_rank8.safetensors'
    }
}
