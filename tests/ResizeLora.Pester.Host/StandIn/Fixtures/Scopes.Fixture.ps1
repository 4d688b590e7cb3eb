# What is visible where, and what leaks. A test tagged Fails must fail, one tagged Skips must be skipped, any other must pass.
$fromDiscovery = 'discovery'

BeforeAll {
    $fromFile = 'file'
    $script:fromScript = 'script'
    function Get-FromFile { 'function' }
}

Describe 'Scopes' {
    $fromBody = 'body'

    BeforeAll {
        $fromBlock = 'block'
        $list = [System.Collections.Generic.List[string]]::new()
    }

    BeforeEach {
        $fromEach = 'each'
        $list.Add('outer')
    }

    AfterEach {
        $list.Clear()
    }

    It 'sees what BeforeAll of the file and the block set' {
        $fromFile | Should -Be 'file'
        $fromBlock | Should -Be 'block'
        $fromScript | Should -Be 'script'
        Get-FromFile | Should -Be 'function'
    }

    It 'does not see what discovery set' {
        $fromDiscovery | Should -BeNullOrEmpty
        $fromBody | Should -BeNullOrEmpty
    }

    It 'runs in the scope of BeforeEach' {
        $fromEach | Should -Be 'each'
        $fromEach = 'changed'
        $fromBlock = 'changed'
    }

    It 'does not see what another test changed' {
        $fromEach | Should -Be 'each'
        $fromBlock | Should -Be 'block'
    }

    It 'changes the script scope for good' {
        $script:fromScript = 'changed'
    }

    It 'sees the script scope as another test left it' {
        $fromScript | Should -Be 'changed'
    }

    It 'knows its file' {
        $PSScriptRoot | Should -BeLike '*Fixtures'
        $PSCommandPath | Should -BeLike '*Scopes.Fixture.ps1'
    }

    Context 'nested' {
        BeforeAll {
            $fromBlock = 'nested'
        }

        BeforeEach {
            $list.Add('inner')
        }

        It 'sees the nearest variable' {
            $fromBlock | Should -Be 'nested'
        }

        It 'runs outer setups first' {
            $list | Should -Be 'outer', 'inner'
        }
    }

    Context 'after nested' {
        It 'sees the outer variable again' {
            $fromBlock | Should -Be 'block'
            $list | Should -Be 'outer'
        }
    }

    It 'lets AfterEach see what the test set' {
        $list.Add('kept')
    }
}

Describe 'Order of teardowns' {
    BeforeAll {
        $script:order = @()
    }

    AfterEach {
        $script:order += 'outer'
    }

    Context 'inside' {
        AfterEach {
            $script:order += 'inner'
        }

        AfterAll {
            $script:order += 'all'
        }

        It 'runs' {
            $true | Should -BeTrue
        }
    }

    It 'runs inner teardowns first' {
        $order | Should -Be 'inner', 'outer', 'all'
    }
}

Describe 'A loop statement that does not belong to a loop' {
    It 'ends only its test' {
        break
    }

    It 'lets the next test run' {
        $true | Should -BeTrue
    }
}
