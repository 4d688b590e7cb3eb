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
    $ratio = [Math]::Pow(10, -$two.Threshold)
    $three = Resize-Lora $lora @files -Recipe (New-ResizeRecipe -SvRatio $ratio)
    $page = [System.IO.File]::ReadAllLines([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'docs', 'evaluation.md'))

    # The cells of the row that begins with this.
    function Get-PageRow([string] $Beginning) {
        $row = @($page | Where-Object { $_.StartsWith($Beginning, [StringComparison]::Ordinal) })
        $row | Should -HaveCount 1 -Because "the page has one row '$Beginning'"
        , @($row[0].Trim('|').Split('|').Trim())
    }

    # A figure of the page is right when what comes out rounds to it, or is off by no more than the promised accuracy besides.
    function Test-Figure([string] $Text, [double] $Value) {
        $number = $Text -replace '[ %`a-z_=,]'
        $decimals = if ($number.Contains('.')) { $number.Length - $number.IndexOf('.') - 1 } else { 0 }
        $figure = [double]::Parse($number, [cultureinfo]::InvariantCulture)
        [Math]::Abs($figure - $Value) -le 0.5 * [Math]::Pow(10, -$decimals) + 2e-4 * [Math]::Abs($Value)
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'The evaluation' {
    It 'makes the second file no larger than the first' {
        $two.NewLength | Should -BeLessOrEqual $one.NewLength
        $two.NewLength | Should -BeGreaterThan ($one.NewLength - 2000)
    }

    It 'keeps in the third the ranks of the second, and one dimension of the layer that is all zero' {
        for ($i = 0; $i -lt $two.Layers.Count; $i++) {
            $expected = [Math]::Max($two.Layers[$i].NewRank, 1)
            $three.Layers[$i].NewRank | Should -Be $expected -Because "it is $($two.Layers[$i].Layer)'s"
        }
        $three.NewRank | Should -Be ($two.NewRank + 1)
    }

    It 'has the figures that the page gives: file <_>' -ForEach 1, 2, 3 {
        $result = @($one, $two, $three)[$_ - 1]
        $row = Get-PageRow "| $_ | ``"
        $numberInRecipe = @(-1.2, ($one.NewLength / 1MB), $ratio)[$_ - 1]
        Test-Figure ($row[1] -replace '^.*=') $numberInRecipe | Should -BeTrue -Because "the recipe is $($result.Recipe)"
        if ($null -eq $result.Threshold) {
            $row[2] | Should -Be 'none'
        }
        else {
            Test-Figure $row[2] $result.Threshold | Should -BeTrue -Because "the threshold is $($result.Threshold)"
        }
        $row[3], $row[5] | Should -Be @("$($result.NewRank)", "$($result.LayersKept)")
        Test-Figure $row[4] ($result.NewLength / 1000) | Should -BeTrue -Because "it is $($result.NewLength) bytes long"
        Test-Figure $row[6] (100 * $result.RelativeErrorToLora) | Should -BeTrue -Because "the error is $($result.RelativeErrorToLora)"
        Test-Figure $row[7] (100 * $result.RelativeErrorToBase) | Should -BeTrue -Because "the error is $($result.RelativeErrorToBase)"
    }

    It 'has the total rank and the size that the old count gives' {
        $old = Measure-LoraResize $lora -Recipe (New-ResizeRecipe -SvRatio $ratio -SvCount Old)
        ($page -join "`n") -match 'here a total rank of (?<rank>\d+) and (?<size>[\d.]+) kB' | Should -BeTrue
        $old.NewRank | Should -Be $Matches.rank
        Test-Figure $Matches.size ($old.NewLength / 1000) | Should -BeTrue -Because "it is $($old.NewLength) bytes long"
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
        $row = Get-PageRow "| $Reference | $File |"
        Test-Figure $row[2] (100 * $comparison.RelativeErrorToLora) | Should -BeTrue -Because "it is $($comparison.RelativeErrorToLora)"
        Test-Figure $row[3] (100 * $comparison.RelativeErrorToBase) | Should -BeTrue -Because "it is $($comparison.RelativeErrorToBase)"
        Test-Figure $row[4] $comparison.Cosine | Should -BeTrue -Because "it is $($comparison.Cosine)"
    }

    It 'has the front of every score on the sample: <_> %' -ForEach 10, 20, 30, 50, 70, 90 {
        $start = [Array]::FindIndex([string[]] $page, [Predicate[string]] { $args[0].StartsWith('The sample (51 layers') })
        $row = @($page[$start..($start + 9)] -match "^\| $_ % ")[0].Trim('|').Split('|').Trim()
        $scores = 'spn_ckpt=1', 'fro_ckpt=1', 'spn_lora=1', 'fro_lora=1', 'subspace=1', 'params=1'
        $measured = @(Measure-LoraResize $lora -Checkpoint $files.Checkpoint -Recipe $scores -Keep ($_ / 100)) +
            @(Measure-LoraResize $lora -Checkpoint $files.Checkpoint -Recipe "keep=$($_ / 100)")
        for ($i = 0; $i -lt $measured.Count; $i++) {
            # A size leaves out one dimension more on a machine that rounds otherwise.
            [Math]::Abs([double] $row[$i + 1] - 100 * $measured[$i].RelativeErrorToLora) | Should -BeLessOrEqual 0.2 -Because $measured[$i].Recipe
        }
    }

    It 'has the figures of the knee and of what it is compared with: <_>' -ForEach @(
        'sv_knee', 'sv_fro=0.9', 'size=0.0973', 'spn_ckpt=1,size=0.0973'
    ) {
        $measured = Measure-LoraResize $lora -Checkpoint $files.Checkpoint -Recipe $_
        $row = Get-PageRow "| ``$_`` |"
        $row[1] | Should -Be "$($measured.NewRank)"
        Test-Figure $row[2] ($measured.NewLength / 1000) | Should -BeTrue -Because "it is $($measured.NewLength) bytes long"
        Test-Figure $row[3] (100 * $measured.Retained) | Should -BeTrue -Because "it retains $($measured.Retained)"
        Test-Figure $row[4] (100 * $measured.RelativeErrorToLora) | Should -BeTrue -Because "the error is $($measured.RelativeErrorToLora)"
        Test-Figure $row[5] (100 * $measured.RelativeErrorToBase) | Should -BeTrue -Because "the error is $($measured.RelativeErrorToBase)"
    }

    It 'gives no figure with more digits than are promised' {
        $figures = [regex]::Matches($page -join "`n", '(?<![\w.])\d+\.\d+').Value
        $figures | Should -Not -BeNullOrEmpty
        $figures | Where-Object { ($_ -replace '^0\.0*|\.').Length -gt 4 } | Should -BeNullOrEmpty
    }
}
