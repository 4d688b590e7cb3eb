# The procedure of docs/evaluation.md, on the sample that its figures come from.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    $lora = Get-SamplePath 'lora'
    $files = @{ Checkpoint = Get-SamplePath 'base'; OutputDirectory = New-TestFolder }
    $one = Resize-Lora $lora @files
    $two = Resize-Lora $lora @files -Recipe (New-ResizeRecipe -SpnLora 1 -Size ($one.NewLength / 1MB))
    $three = Resize-Lora $lora @files -Recipe (New-ResizeRecipe -SvRatio ([Math]::Pow(10, -$two.Threshold)))
    $page = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'docs', 'evaluation.md'))
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'The evaluation' {
    It 'makes the second file no larger than the first' {
        $two.NewLength | Should -BeLessOrEqual $one.NewLength
        $two.NewLength | Should -BeGreaterThan ($one.NewLength - 2000)
    }

    It 'keeps in the third the ranks of the second and the one more that kohya''s tool counts' {
        for ($i = 0; $i -lt $two.Layers.Count; $i++) {
            $layer = $two.Layers[$i]
            $expected = [Math]::Min($layer.NewRank + 1, $layer.OldRank)
            $three.Layers[$i].NewRank | Should -Be $expected -Because "it is $($layer.Layer)'s"
        }
        $three.NewRank | Should -Be ($two.NewRank + 51)
    }

    It 'has the figures that the page gives: file <_>' -ForEach 1, 2, 3 {
        $result = @($one, $two, $three)[$_ - 1]
        $invariant = [cultureinfo]::InvariantCulture
        $row = [string]::Format($invariant, '| {0} | {1:N0} | {2} | {3:0.00} % | {4:0.00} % |',
            $result.NewRank, $result.NewLength, $result.LayersKept, 100 * $result.RelativeErrorToLora, 100 * $result.RelativeErrorToBase)
        ($page -split '\r?\n' | Where-Object { $_.Contains($row) }) | Should -Match ([regex]::Escape("$($result.Recipe)"))
    }

    It 'has the distances that Compare-Lora measures: <Reference> and <File>' -ForEach @(
        @{ Reference = 'original'; File = 1 }
        @{ Reference = 'original'; File = 2 }
        @{ Reference = 'original'; File = 3 }
        @{ Reference = '1'; File = 2 }
        @{ Reference = '1'; File = 3 }
        @{ Reference = '2'; File = 3 }
    ) {
        $results = @($one, $two, $three)
        $referencePath = if ($Reference -eq 'original') { $lora } else { $results[[int] $Reference - 1].Path }
        $comparison = Compare-Lora -ReferencePath $referencePath -Path $results[$File - 1].Path -Checkpoint $files.Checkpoint
        $row = [string]::Format([cultureinfo]::InvariantCulture, '| {0} | {1} | {2:0.00} % | {3:0.00} % | {4:0.0000} |',
            $Reference, $File, 100 * $comparison.RelativeErrorToLora, 100 * $comparison.RelativeErrorToBase, $comparison.Cosine)
        $page.Contains($row) | Should -BeTrue -Because "$row is what comes out"
    }
}
