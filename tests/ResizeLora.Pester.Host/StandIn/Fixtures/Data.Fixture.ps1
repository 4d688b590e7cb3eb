# -ForEach and -TestCases: variables, names, discovery.
BeforeDiscovery {
    $cases = 1..3
}

BeforeAll {
    $late = 'from setup'
}

Describe 'Data' {
    It 'squares <value> to <square>' -ForEach @(
        @{ value = 2; square = 4 }
        @{ value = 3; square = 9 }
    ) {
        $value * $value | Should -Be $square
        $_.square | Should -Be $square
    }

    It 'takes <_>' -TestCases $cases {
        $_ | Should -BeIn 1, 2, 3
    }

    It 'names <layer.Name> of <layer.Sizes.Count>' -ForEach @{ layer = @{ Name = 'conv_in'; Sizes = 1, 2 } } {
        $layer.Name | Should -Be 'conv_in'
    }

    It 'fails for <_>' -ForEach 'this' -Tag Fails {
        $_ | Should -Be 'that'
    }

    It 'binds <x> to a parameter' -ForEach @{ x = 5 } {
        param($x)
        $x | Should -Be 5
    }

    It 'names what setup set: <late>' {
        $late | Should -Be 'from setup'
    }

    It 'keeps `<brackets`>, "quotes" and $dollars with <_>' -ForEach 1 {
        $_ | Should -Be 1
    }

    It 'says "quoted" and $dollar' {
        $true | Should -BeTrue
    }
}

Describe 'Block of <rank>' -ForEach @(
    @{ rank = 4; layers = 'a', 'b' }
    @{ rank = 8; layers = , 'c' }
) {
    BeforeAll {
        $doubled = $rank * 2
    }

    It 'doubles <rank>' {
        $doubled | Should -Be ($rank * 2)
        $_.rank | Should -Be $rank
    }

    Context 'layer <_>' -ForEach $layers {
        It 'knows both: <rank> <_>' {
            $_ | Should -BeIn 'a', 'b', 'c'
            $rank | Should -BeIn 4, 8
        }
    }
}
