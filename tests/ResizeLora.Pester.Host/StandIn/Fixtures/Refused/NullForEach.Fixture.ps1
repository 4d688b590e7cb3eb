Describe 'data' {
    It 'takes <_>' -ForEach 1, $null { }
}
