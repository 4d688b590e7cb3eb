Describe 'before' {
    It 'is not run' { }
}

Describe 'discovery' {
    [int]::Parse('no number')
    It 'is not run' { }
}
