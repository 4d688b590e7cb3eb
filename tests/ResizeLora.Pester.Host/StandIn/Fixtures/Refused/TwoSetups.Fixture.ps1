Describe 'block' {
    BeforeAll { }
    BeforeAll { }
    It 'runs' { }
}
