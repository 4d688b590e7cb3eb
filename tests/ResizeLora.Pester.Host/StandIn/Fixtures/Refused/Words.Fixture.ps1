# Valid Pester that the stand-in does not know: every test here must fail.
Describe 'Words' {
    It 'Mock' { Mock Get-Command { } }
    It 'Should -Invoke' { Should -Invoke Get-Command }
    It 'Should -HaveParameter' { Get-Command Get-Command | Should -HaveParameter Name }
    It 'Should -FileContentMatchMultiline' { 'x' | Should -FileContentMatchMultiline 'x' }
    It 'Should-Be' { 1 | Should-Be 1 }
    It 'Set-ItResult -Inconclusive' { Set-ItResult -Inconclusive }
    It 'Should -ErrorAction' { 1 | Should -Be 1 -ErrorAction Continue }
    It 'a collection as -ActualValue' { Should -ActualValue 1, 2 -Be 1, 2 }
    It 'keys as what is expected' { 'a' | Should -Be @{ a = 1 }.Keys }
    It 'Should without an operator' { 1 | Should }
    It 'It in a test' { It 'inner' { } }
    It 'BeforeAll in a test' { BeforeAll { } }
}
