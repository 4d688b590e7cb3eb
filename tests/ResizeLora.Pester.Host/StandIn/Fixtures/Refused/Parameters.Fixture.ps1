param($Path)
Describe 'block' { It 'runs' { } }
