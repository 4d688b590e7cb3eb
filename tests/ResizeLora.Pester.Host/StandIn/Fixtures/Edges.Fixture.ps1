# Where errors come from and how they travel, nested data, strict mode, discovery in blocks.
BeforeAll {
    Set-StrictMode -Version Latest
    [System.IO.File]::WriteAllText("$TestDrive/file.txt", 'file')

    class Holder {
        [void] Check() { 1 | Should -Be 2 }
    }

    function Invoke-It([scriptblock] $Action) { & $Action }

    $null = New-Module -Name PesterEdges -ScriptBlock {
        function Invoke-FromModule([scriptblock] $Action) { & $Action; $script:after = $true }
        Export-ModuleMember -Function Invoke-FromModule
    } | Import-Module
}

AfterAll {
    Remove-Module PesterEdges
}

Describe 'An assertion that does not hold' {
    It 'ends a class method' -Tag Fails {
        [Holder]::new().Check()
    }

    It 'ends a script block that .NET invokes' -Tag Fails {
        { 1 | Should -Be 2 }.Invoke()
    }

    It 'ends a filter' -Tag Fails {
        1 | Where-Object { 1 | Should -Be 2 }
    }

    It 'ends a module''s function' -Tag Fails {
        Invoke-FromModule { 1 | Should -Be 2 }
    }

    It 'ends a function''s caller' -Tag Fails {
        Invoke-It { 1 | Should -Be 2 }
    }

    It 'ends a test that silences errors' -Tag Fails {
        $ErrorActionPreference = 'SilentlyContinue'
        1 | Should -Be 2
    }

    It 'ends a test that silences the command' -Tag Fails {
        1 | ForEach-Object { 1 | Should -Be 2 } -ErrorAction SilentlyContinue
    }

    It 'ends a subexpression' -Tag Fails {
        $null = "$(1 | Should -Be 2)"
    }

    It 'ends a loop' -Tag Fails {
        foreach ($i in 1..2) { $i | Should -Be 1 }
    }

    It 'leaves a trap to the test' {
        trap { continue }
        1 | Should -Be 2
    }

    It 'makes finally run' -Tag Fails {
        try { 1 | Should -Be 2 } finally { $script:finallyRan = $true }
    }

    It 'has made finally run' {
        $script:finallyRan | Should -BeTrue
    }
}

Describe 'Errors of other kinds' {
    It 'fails on a method of null' -Tag Fails {
        $nothing = $null
        $nothing.ToString()
    }

    It 'fails on a variable that is not set, in strict mode' -Tag Fails {
        $neverSet
    }

    It 'fails on a missing mandatory parameter' -Tag Fails {
        Invoke-It -Unknown 1
    }

    It 'fails inside a function where a statement ends' -Tag Fails {
        Invoke-It { [int]::Parse('x'); 'after' }
    }

    It 'fails inside a pipeline where a statement ends' -Tag Fails {
        1 | ForEach-Object { [int]::Parse('x') }
    }

    It 'passes when errors are stopped and caught' {
        try { Get-Command Get-NothingOfThatName -ErrorAction Stop } catch { $caught = $_ }
        $caught | Should -Not -BeNullOrEmpty
    }

    It 'passes when errors go to a variable' {
        Get-Command Get-NothingOfThatName -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems | Should -HaveCount 1
    }

    It 'fails when the preference stops' -Tag Fails {
        $ErrorActionPreference = 'Stop'
        Get-Command Get-NothingOfThatName
    }

    It 'does not keep the preference' {
        Get-Command Get-NothingOfThatName
        $true | Should -BeTrue
    }
}

Describe 'Several errors' {
    AfterEach {
        throw 'teardown failed'
    }

    It 'fails twice' -Tag Fails {
        throw 'test failed'
    }

    It 'fails although it skips itself' -Tag Fails {
        Set-ItResult -Skipped
    }
}

Describe 'Assertions in steps' {
    Context 'before all' {
        BeforeAll {
            1 | Should -Be 2
        }

        It 'fail the test' -Tag Fails { }
    }

    Context 'before all that skips' {
        BeforeAll {
            Set-ItResult -Skipped
        }

        It 'fail the test too' -Tag Fails { }
    }

    Context 'before each' {
        BeforeEach {
            1 | Should -Be 2
        }

        AfterEach {
            $script:torn = $true
        }

        It 'fail the test' -Tag Fails { }
    }

    It 'let the teardown run' {
        $script:torn | Should -BeTrue
    }
}

Describe 'Data <name>' -ForEach ([ordered]@{ name = 'outer'; inner = 'x', 'y' }) {
    BeforeDiscovery {
        $found = 'p', 'q'
    }

    BeforeAll {
        $upper = $name.ToUpperInvariant()
        $whole = $_.name
    }

    BeforeEach {
        param($extra)
        $seen = "/$extra"
    }

    It 'reaches setups: <upper>' {
        $upper | Should -BeExactly 'OUTER'
        $whole | Should -Be 'outer'
        $seen | Should -Be '/'
    }

    It 'reaches BeforeEach as parameters: <extra>' -ForEach @{ extra = 1 } {
        $seen | Should -Be '/1'
    }

    It 'is found by BeforeDiscovery: <_>' -ForEach $found {
        $_ | Should -BeIn 'p', 'q'
    }

    It 'is an object: <_.Length>' -ForEach ([pscustomobject]@{ Length = 7 }) {
        $_.Length | Should -Be 7
    }

    It 'is a list: <first>' -TestCases @([ordered]@{ first = 1 }, @{ first = 2 }) {
        $first | Should -BeLessThan 3
    }

    Context 'and <_>' -ForEach $inner {
        It 'has the nearest <_>' {
            $_ | Should -BeIn 'x', 'y'
            $name | Should -Be 'outer'
        }

        It 'hides it by its own <_>' -ForEach 3 {
            $_ | Should -Be 3
        }
    }

    It 'has its own $_ again' {
        $_.name | Should -Be 'outer'
    }
}

Describe 'Drive of the file' {
    It 'keeps what the file made' {
        "$TestDrive/file.txt" | Should -FileContentMatch '^file$'
    }

    It 'reaches it by a relative path' {
        $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath('TestDrive:/file.txt') |
            Should -Be ([System.IO.Path]::Combine($TestDrive, 'file.txt'))
    }
}

Context 'A context at the root' -Tag Ignored, Other {
    It 'runs' { }
}
