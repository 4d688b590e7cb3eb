InModuleScope Some { Describe 'block' { It 'runs' { } } }
