It 'stands in no block' { }
