Describe 'block' -Unknown { It 'runs' { } }
