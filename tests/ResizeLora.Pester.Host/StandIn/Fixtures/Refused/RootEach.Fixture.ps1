BeforeEach { }
Describe 'block' { It 'runs' { } }
