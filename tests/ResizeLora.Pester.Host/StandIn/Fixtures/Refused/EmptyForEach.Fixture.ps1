Describe 'data' {
    It 'takes <_>' -ForEach @() { }
}
