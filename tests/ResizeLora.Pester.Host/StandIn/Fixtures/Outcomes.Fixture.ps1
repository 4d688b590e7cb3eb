# Tests that fail, tests that are skipped, errors that end a test and errors that do not.
Describe 'Failing' {
    It 'stops at the first assertion' -Tag Fails {
        1 | Should -Be 2
        throw 'not reached'
    }

    It 'fails on throw' -Tag Fails {
        throw 'thrown'
    }

    It 'fails on an error that ends its statement' -Tag Fails {
        [int]::Parse('no number')
        $true | Should -BeTrue
    }

    It 'fails on a command that is not there' -Tag Fails {
        Get-NothingOfThatName
    }

    It 'goes on after an error that ends nothing' {
        Get-Command Get-NothingOfThatName
        $true | Should -BeTrue
    }

    It 'fails on an error made to end' -Tag Fails {
        Get-Command Get-NothingOfThatName -ErrorAction Stop
    }

    It 'fails inside a pipeline' -Tag Fails {
        1, 2 | ForEach-Object { $_ | Should -Be 1 }
    }

    It 'fails inside a function' -Tag Fails {
        function Test-Inside {
            1 | Should -Be 2
            $script:reached = $true
        }
        Test-Inside
    }

    It 'was not reached behind the assertion' {
        $reached | Should -BeNullOrEmpty
    }

    It 'does not fail when the error is caught' {
        try { 1 | Should -Be 2 } catch { $caught = $_ }
        $caught.Exception.Message | Should -BeLike '*2*1*'
        $caught.FullyQualifiedErrorId | Should -Be 'PesterAssertionFailed'
    }

    It 'passes when it is empty' {
    }

    It 'passes whatever it returns' {
        $false
        return
    }
}

Describe 'Skipped' {
    BeforeAll {
        $ran = $true
    }

    It 'by a switch' -Skip -Tag Skips {
        throw 'not run'
    }

    It 'by a condition: <_>' -ForEach 1, 2 -Skip:(1 -eq 1) -Tag Skips {
        throw 'not run'
    }

    It 'not by a condition that is false' -Skip:$false {
        $ran | Should -BeTrue
    }

    It 'by itself' -Tag Skips {
        Set-ItResult -Skipped -Because 'there is no GPU'
        throw 'not reached'
    }

    Context 'with its block' -Skip {
        BeforeAll {
            throw 'not run'
        }

        It 'is skipped' -Tag Skips {
            throw 'not run'
        }
    }

    Context 'with all tests skipped' {
        BeforeAll {
            throw 'not run'
        }

        AfterAll {
            throw 'not run'
        }

        It 'does not run the setup' -Skip -Tag Skips {
            throw 'not run'
        }
    }

    Context 'without tests' {
        BeforeAll {
            throw 'not run'
        }
    }
}

Describe 'Failing setup' {
    Context 'of all' {
        BeforeAll {
            throw 'setup failed'
        }

        It 'fails each test' -Tag Fails {
            $true | Should -BeTrue
        }

        Context 'nested' {
            It 'fails nested tests' -Tag Fails {
                $true | Should -BeTrue
            }
        }
    }

    Context 'of each' {
        BeforeEach {
            throw 'setup failed'
        }

        It 'fails' -Tag Fails {
            $true | Should -BeTrue
        }
    }

    Context 'that skips' {
        BeforeEach {
            Set-ItResult -Skipped -Because 'nothing to do'
        }

        It 'skips' -Tag Skips {
            throw 'not run'
        }
    }

    Context 'beside it' {
        It 'does not fail' {
            $true | Should -BeTrue
        }
    }
}

Describe 'Failing teardown' {
    Context 'of each' {
        AfterEach {
            throw 'teardown failed'
        }

        It 'fails' -Tag Fails {
            $true | Should -BeTrue
        }
    }

    Context 'of all' {
        AfterAll {
            throw 'teardown failed'
        }

        It 'does not fail the test' {
            $true | Should -BeTrue
        }
    }
}
