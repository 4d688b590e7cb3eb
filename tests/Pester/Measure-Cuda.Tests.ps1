# What bench/Measure-Cuda.ps1 makes of figures; the measuring itself takes minutes, and a card.
BeforeAll {
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
    $script = Join-Path $root 'bench' 'Measure-Cuda.ps1'
    $page = Join-Path $root 'docs' 'performance.md'
    Import-Module (Join-Path $root 'bench' 'DeviceFigures.psm1') -Force

    # Joined figures of times on both devices.
    function Get-Figure([hashtable] $Time) {
        $sides = 0, 1 | ForEach-Object {
            $side = $_
            , @($Time.Keys | Sort-Object | ForEach-Object { [pscustomobject]@{ Id = $_; Title = "of $_"; Seconds = $Time[$_][$side] } })
        }
        Join-DeviceFigure -Processor $sides[0] -Device $sides[1]
    }
}

AfterAll {
    Remove-Module DeviceFigures
}

Describe 'Figures of two devices' {
    It 'are read from the tables that the bench writes' {
        $figures = Read-EngineFigure $page
        $figures.Id | Select-Object -Unique | Should -Contain 'W1'
        $figures.Id | Select-Object -Unique | Should -Contain 'W6'
        $line = Get-Content -LiteralPath $page | Where-Object { $_ -like '| W1 | cold, rank 128 |*' } | Select-Object -First 1
        $figures.Where({ $_.Id -eq 'W1' -and $_.Title -eq 'cold, rank 128' }, 'First').Seconds |
            Should -Be ([double]::Parse($line.Split('|')[4], [cultureinfo]::InvariantCulture))
    }

    It 'stand side by side, with a point in a language with a comma too' {
        $culture = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'de-DE'
            $table = Format-DeviceTable -Figure (Get-Figure @{ W1 = 6.9, 2.3; W6 = 5.0, 10.0 }) -Name 'cuda:1'
        }
        finally {
            [cultureinfo]::CurrentCulture = $culture
        }

        $table | Should -Be @(
            '| | workload | processor, s | cuda:1, s | ratio |'
            '| --- | --- | ---: | ---: | ---: |'
            '| W1 | of W1 | 6.90 | 2.30 | 3.0× |'
            '| W6 | of W6 | 5.00 | 10.00 | 0.5× |'
        )
    }

    It 'say what auto should be: <Expected>' -ForEach @(
        @{ Time = @{ W1 = 2, 1; W6 = 1, 1.05 }; Expected = '*auto` should be cuda: it is faster in W1 (of W1), and slower in none.' }
        @{ Time = @{ W1 = 1, 2; W6 = 1.05, 1 }; Expected = '*auto` should stay the processor: cuda is faster in no workload.' }
        @{ Time = @{ W1 = 1, 2; W6 = 3, 1 }; Expected = '*auto` should be cuda for what W6 (of W6) measure*slower in W1 (of W1).' }
    ) {
        # The characters ` [ ] of -like do not stand in the sentences but for the first.
        Get-AutoAdvice -Figure (Get-Figure $Time) -Name cuda | Should -BeLike ($Expected -replace '`', '``')
    }

    It 'go between the marks of the page, and leave the rest as it is' {
        $copy = Join-Path $TestDrive 'page.md'
        Copy-Item -LiteralPath $page -Destination $copy
        Write-PagePart -Path $copy -Part 'figures of CUDA' -Text "one`ntwo"
        $old = [System.IO.File]::ReadAllText($page) -split '(?s)(?<=<!-- figures of CUDA -->\n).*(?=\n<!-- end of figures of CUDA -->)'
        $old.Count | Should -Be 2
        [System.IO.File]::ReadAllText($copy) | Should -BeExactly "$($old[0])one`ntwo$($old[1])"
    }

    It 'are alone in a file without marks' {
        $file = Join-Path $TestDrive 'alone.md'
        Write-PagePart -Path $file -Part 'figures of CUDA' -Text 'text'
        [System.IO.File]::ReadAllText($file) | Should -BeExactly "text`n"
    }
}

Describe 'The arguments of Measure-Cuda' {
    It 'are refused before anything is built: <Name> <Value>' -ForEach @(
        @{ Name = 'Device'; Value = 'gpu' }
        @{ Name = 'Device'; Value = 'auto' }
        @{ Name = 'Runtime'; Value = '/no/such/folder' }
        @{ Name = 'Runs'; Value = 0 }
    ) {
        $arguments = @{ $Name = $Value }
        { & $script @arguments } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
    }
}
