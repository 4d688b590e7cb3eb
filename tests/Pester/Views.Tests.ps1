# The views: what each type looks like on the screen, for names of any length, and that nothing is held back until a script ends.
BeforeDiscovery {
    $tables = @(
        @{ type = 'LoraInfo'; labels = 'Kind', 'Base', 'Layers', 'Ranks', 'MiB', 'Resized', 'File'; end = 'left' }
        @{ type = 'MergedLora'; labels = 'Files', 'Layers', 'Rank', 'MiB', 'Name'; end = 'left' }
        @{ type = 'MergeSource'; labels = 'Weight', 'MiB', 'File'; end = 'left' }
        @{ type = 'MergedLayer'; labels = 'Kind', 'OutxIn', 'Rank', 'Layer'; end = 'right' }
        @{ type = 'ResizeResult'; labels = 'Rank', 'MiB', 'Saved%', 'Error%', 'Recipe', 'File'; end = 'left' }
        @{ type = 'ResizeMeasurement'; labels = 'Rank', 'MiB', 'Saved%', 'Error%', 'OfBase%', 'Fro%', 'Recipe'; end = 'right' }
        @{ type = 'LayerResult'; labels = 'Kind', 'Adapter', 'Rank', 'Error%', 'OfBase%', 'Layer'; end = 'right' }
        @{ type = 'ResizeRecipe'; labels = 'Threshold', 'SizeMiB', 'Rescale', 'Checkpoint', 'Recipe'; end = 'right' }
        @{ type = 'LayerSpectrum'; labels = 'Kind', 'OutxIn', 'Rank', 'Sigma1', '1stQ%', 'EffR', 'Spectrum', 'Layer'; end = 'right' }
        @{ type = 'CheckpointNorm'; labels = 'OutxIn', 'Spectral', 'Frobenius', 'Kept', 'Layer'; end = 'right' }
        @{ type = 'LoraComparison'; labels = 'Rank', 'Layers', 'Error%', 'OfBase%', 'Cosine', 'File'; end = 'left' }
        @{ type = 'LayerComparison'; labels = 'Rank', 'Error%', 'OfBase%', 'Cosine', 'Layer'; end = 'right' }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    $manifest = [System.IO.Path]::GetFullPath((Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1'))
    Import-Module $manifest
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    # Everything that a recipe can say at once.
    $longRecipe = 'spn_ckpt=0.25,spn_lora=0.25,fro_ckpt=0.125,fro_lora=0.125,subspace=0.125,params=0.125,' +
        'thr=-1.25,rank=128,conv_rank=64,rescale=0.75'
    $live = @{
        LoraInfo = Get-LoraInfo $lora
        MergedLora = Merge-Lora $lora, (Copy-Sample 'lora' (Join-Path (New-TestFolder) 'other.safetensors')) -Weight 0.5, -0.25
        ResizeResult = Resize-Lora $lora -Checkpoint $base -Recipe 'spn_ckpt=1,thr=-1.2' -OutputDirectory (New-TestFolder)
        ResizeMeasurement = Measure-LoraResize $lora -Checkpoint $base -Recipe $longRecipe
        ResizeRecipe = New-ResizeRecipe $longRecipe
        LayerSpectrum = @(Get-LoraSpectrum $lora)[1]
        CheckpointNorm = @(Get-CheckpointNorm $base)[0]
    }
    $live.MergeSource = $live.MergedLora.Sources[1]
    $live.MergedLayer = $live.MergedLora.Layers[0]
    $live.LayerResult = $live.ResizeResult.Layers[0]
    $live.LoraComparison = Compare-Lora $lora $live.ResizeResult.Path -Checkpoint $base
    $live.LayerComparison = $live.LoraComparison.Layers[0]

    # The object with another name in it: of its file, of its layer, or its own.
    function Get-Named([string] $Type, [string] $Name) {
        $text = [System.Management.Automation.PSSerializer]::Serialize($live[$Type], 2)
        $thing = [System.Management.Automation.PSSerializer]::Deserialize($text)
        foreach ($property in 'Layer', 'Name') {
            if ($thing.PSObject.Properties[$property]) { $thing.$property = $Name }
        }
        foreach ($property in 'Path', 'Source', 'ReferencePath') {
            if ($thing.PSObject.Properties[$property]) { $thing.$property = Join-Path $TestDrive "$Name.safetensors" }
        }
        $thing
    }

    # The lines as they are on the screen, without colours.
    function Get-Line([object[]] $Thing, [int] $Width) {
        ($Thing | Out-String -Width $Width) -replace '\x1b\[[0-9;]*m' -split '\r?\n'
    }

    # The labels of a table and its first row.
    function Get-Table([object[]] $Thing, [int] $Width) {
        $lines = @(Get-Line $Thing $Width)
        $rule = [array]::FindIndex($lines, [Predicate[string]] { param($line) $line -match '^ *-[- ]*$' })
        [pscustomobject]@{ Labels = $lines[$rule - 1]; Row = $lines[$rule + 1]; Lines = $lines }
    }

    # A line without what stands last in it.
    function Get-Front([string] $Line) { $Line -replace '\s+\S+\s*$' }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'The table of <type>' -ForEach $tables {
    It 'has all its columns and whole numbers in 80 columns, for a name of <_> characters' -ForEach 1, 20, 56, 80, 200 {
        $thing = Get-Named $type ('n' * $_)
        $narrow = Get-Table $thing 80
        $wide = Get-Table $thing 400
        -split $narrow.Labels | Should -Be $labels
        Get-Front $narrow.Row | Should -Be (Get-Front $wide.Row)
        Get-Front $narrow.Row | Should -Not -Match '\u2026'
        (-split $narrow.Row)[-1] | Should -Match 'n|rescale'
        ($narrow.Lines | ForEach-Object Length | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'shows at least 18 characters of the name in 80 columns, and all of it in 400' {
        $name = 'lora_unet_input_blocks_4_1_' + 'n' * 90 + '_attn1_to_q'
        $thing = Get-Named $type $name
        $shown = (-split (Get-Table $thing 80).Row)[-1]
        $shown.Length | Should -BeGreaterOrEqual 18
        if ($end -eq 'right') { $shown | Should -Match '^\u2026\S+$' } else { $shown | Should -Match '^\S+\u2026$' }
        $expected = $type -in 'ResizeMeasurement', 'ResizeRecipe' ? $live.ResizeRecipe.ToString() : $name
        (-split (Get-Table $thing 400).Row)[-1] -replace '\.safetensors$' | Should -Be $expected
    }

    It 'has all its columns in 80 columns, for a name of wide characters' {
        $table = Get-Table (Get-Named $type ([string][char] 0x6F22 * 60)) 80
        -split $table.Labels | Should -Be $labels
        foreach ($line in $table.Lines) { $Host.UI.RawUI.LengthInBufferCells($line) | Should -BeLessOrEqual 80 }
    }

    It 'is there before the pipeline ends' {
        $lines = [System.Collections.Generic.List[string]]::new()
        $script = { $live[$type]; throw 'the script ends here' }
        try { & $script | Out-String -Stream | ForEach-Object { $lines.Add($_) } } catch { $null = $_ }
        $text = ($lines -join "`n") -replace '\x1b\[[0-9;]*m'
        foreach ($label in $labels) { $text | Should -BeLike "*$label*" }
        $text.Split("`n").Count | Should -BeGreaterOrEqual 4
    }

    It 'is the same in every culture' {
        $invariant = Use-Culture ([cultureinfo]::InvariantCulture) { Get-Line $live[$type] 120 }
        Use-Culture (Get-CommaCulture) { Get-Line $live[$type] 120 } | Should -Be $invariant
        Use-Culture (Get-CommaCulture) { $live[$type] | Format-Table | Out-String } | Should -Not -Match '\d,\d'
    }
}

Describe 'The list of <type>' -ForEach @(
    @{ type = 'ResizeResult'; lines = 'OutputKind +: Smallest', 'WrittenKinds +: LoKr 3, LoRA 1', 'CopiedKinds +:', 'AssumedScaleCount +: 0', 'Retained +: 0\.\d+$' }
    @{ type = 'ResizeMeasurement'; lines = 'WrittenKinds +: LoKr 3, LoRA 1', 'CopiedKinds +:', 'AssumedScaleCount +: 0', 'Retained +: 0\.\d+$' }
    @{ type = 'LayerResult'; lines = 'AdapterKind +: LoKr', 'WrittenAs +: LoRA', 'Reason +: LoRA of rank \d+: [\d,]+ bytes; LoKr' }
    @{ type = 'LayerSpectrum'; lines = 'Kind +: Linear', 'AdapterKind +: LoKr' }
) {
    BeforeAll {
        $given = @{ Path = Get-SamplePath 'lokr'; Checkpoint = $base; WarningAction = 'SilentlyContinue' }
        $thing = switch ($type) {
            'ResizeResult' { Resize-Lora @given -OutputDirectory (New-TestFolder) }
            'ResizeMeasurement' { Measure-LoraResize @given }
            'LayerResult' { (Measure-LoraResize @given).Layers | Where-Object WrittenAs -EQ LoRA }
            'LayerSpectrum' { @(Get-LoraSpectrum (Get-SamplePath 'lokr'))[0] }
        }
    }

    It 'says of which kind of adapter a layer is, and as what it is written' {
        $text = ($thing | Format-List | Out-String -Width 200).Replace("`r`n", "`n")
        foreach ($line in $lines) { $text | Should -Match "(?m)^$line" }
    }

    It 'says the same of an object that was stored' {
        $xml = [System.Management.Automation.PSSerializer]::Serialize($thing, 4)
        $stored = [System.Management.Automation.PSSerializer]::Deserialize($xml)
        $text = ($stored | Format-List | Out-String -Width 200).Replace("`r`n", "`n")
        foreach ($line in $lines) { $text | Should -Match "(?m)^$line" }
    }
}

Describe 'The table of layers of a result' {
    It 'says what a layer is, and what it became where that is another kind' {
        $measurement = Measure-LoraResize (Get-SamplePath 'lokr') -Checkpoint $base -WarningAction SilentlyContinue
        $text = $measurement.Layers | Out-String -Width 80
        $text | Should -Match '(?m)^Linear +LoKr -> LoRA +80 -> 2 '
        $text | Should -Match '(?m)^Linear +LoKr +80 -> 80 '
    }
}

Describe 'The head of measurements' {
    BeforeAll {
        $sweep = Measure-LoraResize $lora -Recipe 'spn_lora=1' -Retain 0.5, 0.8, 0.95, 0.999

        # The lines before the table.
        function Get-Head([object[]] $Thing, [string] $Locale, [int] $Width = 100) {
            $before = $env:LC_ALL
            $encoding = [Console]::OutputEncoding
            try {
                $env:LC_ALL = $Locale
                [Console]::OutputEncoding = $Locale -eq 'C' ? [System.Text.Encoding]::ASCII : [System.Text.UTF8Encoding]::new()
                $lines = @(Get-Line $Thing $Width)
            }
            finally {
                $env:LC_ALL = $before
                [Console]::OutputEncoding = $encoding
            }
            $lines[0..([array]::FindIndex($lines, [Predicate[string]] { param($line) $line -match '^ +Rank ' }) - 1)]
        }

        # Where each mark stands: the row and column of a plot's cells.
        function Get-Mark([string[]] $Head, [string] $Pattern) {
            $rows = @($Head | Where-Object { $_ -match '[|\u2502]' })
            foreach ($row in 0..($rows.Count - 1)) {
                $cells = $rows[$row].Substring($rows[$row].IndexOfAny(@([char] '|', [char] 0x2502)) + 1)
                foreach ($match in [regex]::Matches($cells, $Pattern)) { [pscustomobject]@{ Row = $row; Column = $match.Index } }
            }
        }
    }

    It 'draws the curve of a sweep, a mark for each measurement: <name>' -ForEach @(
        @{ name = 'blocks'; locale = 'C.UTF-8'; pattern = '[\u2580\u2584\u2588]'; corner = [string][char] 0x2514 }
        @{ name = 'ASCII'; locale = 'C'; pattern = '\*'; corner = '+' }
    ) {
        $head = Get-Head $sweep $locale
        $head[1] | Should -BeExactly "   File: $lora"
        $marks = @(Get-Mark $head $pattern)
        $marks | Should -HaveCount 4
        $marks.Column | Should -Be @($marks.Column | Sort-Object)
        $marks[0].Column, $marks[-1].Column, $marks[0].Row, $marks[-1].Row | Should -Be @(0, 59, 0, 7)
        # The view has the invariant numbers, whatever the culture.
        function Format-Number([string] $Format, [object[]] $Value) { [string]::Format([cultureinfo]::InvariantCulture, $Format, $Value) }
        foreach ($end in $sweep[0], $sweep[-1]) {
            ($head -join "`n") | Should -Match (Format-Number '(?m)^ +{0:0.0} \S' (100 * $end.RelativeErrorToLora))
        }
        @($head | Where-Object { $_.Contains($corner) }) | Should -HaveCount 1
        $sizes = ($sweep[0].NewLength / 1MB), ($sweep[-1].NewLength / 1MB)
        ($head | Where-Object { $_ -match 'MiB' }) | Should -Match (Format-Number '^ +{0:0.00} MiB +{1:0.00} MiB$' $sizes)
        if ($locale -eq 'C') { $head | ForEach-Object { $_ | Should -Not -Match '[^\x00-\x7f]' } }
    }

    It 'stays within 80 columns' {
        (Get-Head $sweep 'C.UTF-8' 80 | ForEach-Object Length | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'draws it in any order, and of a part' {
        $expected = Get-Head $sweep 'C'
        Get-Head ($sweep | Sort-Object NewLength -Descending) 'C' | Should -Be $expected
        Get-Head ($sweep | Select-Object -First 1) 'C' | Should -Be $expected
        Get-Head ($sweep | Where-Object NewRank -GT 100) 'C' | Should -Be $expected
    }

    It 'draws no curve of fewer than three, nor of what was stored or projected' {
        $xml = [System.Management.Automation.PSSerializer]::Serialize($sweep, 4)
        $few = @(
            , (Measure-LoraResize $lora -Recipe 'spn_lora=1' -Retain 0.5, 0.8)
            , @([System.Management.Automation.PSSerializer]::Deserialize($xml))
        )
        foreach ($measurements in $few) {
            (Get-Head $measurements 'C.UTF-8') | Where-Object { $_ } | Should -BeExactly "   File: $lora"
        }
        ($sweep | Select-Object Source, NewRank | Out-String) | Should -Not -Match 'MiB'
    }

    It 'draws the curve of each file' {
        $other = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'other.safetensors')
        $text = Measure-LoraResize $lora, $other -Recipe 'spn_lora=1' -Keep 0.3, 0.5, 0.7 | Out-String -Width 200
        [regex]::Matches($text, 'Error%\s*$', 'Multiline').Count | Should -Be 2
        [regex]::Matches($text, '(?m)^   File: ').Count | Should -Be 2
    }

    It 'draws measurements that are all the same, and ones that hardly differ' {
        $same = Measure-LoraResize $lora -Recipe 'spn_lora=1' -Threshold -9.1, -9.2, -9.3
        @(Get-Mark (Get-Head $same 'C') '\*') | Should -HaveCount 1
        $near = Measure-LoraResize $lora -Recipe 'spn_lora=1' -Retain 0.99999, 0.999993, 0.999996
        (Get-Head $near 'C' | Select-String -Pattern '^ +(\d\.\d+) \|').Matches.ForEach{ $_.Groups[1].Value } | Select-Object -Unique |
            Should -HaveCount 2
    }

    It 'keeps the curve out of the object' {
        ($sweep[0] | Format-List -Property * | Out-String) | Should -Not -Match 'Curve|Sweep|Points'
        ($sweep[0] | Get-Member -Force).Name -match 'Curve|Sweep|Points' | Should -BeNullOrEmpty
        ($sweep[0] | ConvertTo-Json -Depth 2 -WarningAction SilentlyContinue) | Should -Not -Match 'Curve|Sweep|Points'
    }
}

Describe 'A script that ends with exit' {
    It 'prints the table of <command>' -ForEach @(
        @{ command = 'Resize-Lora one.safetensors -Recipe rank=4'; label = 'Saved%'; value = '784 -> 201' }
        @{ command = 'Get-LoraInfo one.safetensors'; label = 'Resized'; value = '27+12+12' }
        @{ command = 'Merge-Lora one.safetensors, two.safetensors'; label = 'Files'; value = 'one+two' }
        @{ command = 'New-ResizeRecipe rank=4'; label = 'Threshold'; value = 'rank=4' }
    ) {
        $folder = New-TestFolder
        foreach ($name in 'one', 'two') { $null = Copy-Sample 'lora' (Join-Path $folder "$name.safetensors") }
        $process = Invoke-PowerShellProcess '-Command', "Set-Location '$folder'; Import-Module '$manifest'; $command; exit 0"
        $process.ExitCode | Should -Be 0 -Because $process.Text
        foreach ($text in $label, $value) { $process.Text | Should -BeLike "*$text*" }
    }
}
