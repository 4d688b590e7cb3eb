Describe 'block' { It 'is not written' -Pending { } }
