# Every operator, reversed and not, at the edges where Pester has an opinion. Cases of holds must pass, cases of fails must not.
BeforeDiscovery {
    $holds = @(
        { 'Text' | Should -Be 'text' }
        { 'Text' | Should -EQ 'text' }
        { 'Text' | Should -BeExactly 'Text' }
        { 1 | Should -Be '1' }
        { '1' | Should -Be 1 }
        { 1 | Should -Be 1.0 }
        { 1, 2 | Should -Be 1, 2 }
        { @(1, 2) | Should -Be @(1, 2) }
        { , @(1, 2) | Should -Be (, @(1, 2)) }
        { 1, 2 | Should -Not -Be 2, 1 }
        { 1, 2 | Should -Not -Be 1, 2, 3 }
        { 1, 2 | Should -Not -Be 1 }
        { 1 | Should -Be @(1) }
        { @() | Should -Be @() }
        { @() | Should -Be $null }
        { $null | Should -Be $null }
        { $null | Should -Be @() }
        { '' | Should -Not -Be $null }
        { $null | Should -Not -Be '' }
        { 0 | Should -Not -Be $null }
        { $true | Should -Be 1 }
        { 'true' | Should -Be $true }
        { [double]::NaN | Should -Not -Be ([double]::NaN) }
        { [System.Collections.Generic.List[int]]@(1, 2) | Should -Be 1, 2 }
        { 1, 2 | Should -Be ([System.Collections.Generic.List[int]]@(1, 2)) }
        { 'a', 'B' | Should -Be 'A', 'b' }
        { 'a', 'B' | Should -Not -BeExactly 'A', 'b' }
        { Should -ActualValue 1 -Be 1 }
        { 5 | Should -Be 5 'they are the same' }
        { 5 | Should -Be -ExpectedValue 5 -Because 'they are the same' }
        { 'DayOfWeek' | Should -Not -Be ([DayOfWeek]::Monday) }
        { [DayOfWeek]::Monday | Should -Be 'Monday' }
        { $null | Should -BeNullOrEmpty }
        { @() | Should -BeNullOrEmpty }
        { '' | Should -BeNullOrEmpty }
        { @{} | Should -BeNullOrEmpty }
        { , @() | Should -BeNullOrEmpty }
        { ' ' | Should -Not -BeNullOrEmpty }
        { 0 | Should -Not -BeNullOrEmpty }
        { $false | Should -Not -BeNullOrEmpty }
        { @{ a = 1 } | Should -Not -BeNullOrEmpty }
        { $null, $null | Should -Not -BeNullOrEmpty }
        { $true | Should -BeTrue }
        { 1 | Should -BeTrue }
        { 'false' | Should -BeTrue }
        { $true, 1 | Should -BeTrue }
        { $false | Should -Not -BeTrue }
        { $false | Should -BeFalse }
        { 0 | Should -BeFalse }
        { '' | Should -BeFalse }
        { @() | Should -BeFalse }
        { 1 | Should -Not -BeFalse }
        { 2 | Should -BeGreaterThan 1 }
        { 2, 3 | Should -BeGreaterThan 1 }
        { 2 | Should -Not -BeGreaterThan 2 }
        { 2 | Should -BeGreaterOrEqual 2 }
        { 1 | Should -Not -BeGreaterOrEqual 2 }
        { 1 | Should -BeLessThan 2 }
        { 2 | Should -Not -BeLessThan 2 }
        { 2 | Should -BeLessOrEqual 2 }
        { 3 | Should -Not -BeLessOrEqual 2 }
        { 1e-5 | Should -LT 1e-4 }
        { [double]::NaN | Should -BeGreaterThan 1 }
        { [double]::NaN | Should -Not -BeGreaterThan 1 }
        { 'Text' | Should -BeLike 't*' }
        { 'Text' | Should -Not -BeLike 'e*' }
        { 'Text' | Should -BeLikeExactly 'T*' }
        { 'Text' | Should -Not -BeLikeExactly 't*' }
        { 'Text' | Should -Match '^t.x' }
        { 'Text' | Should -Not -Match 'y' }
        { 'Text' | Should -MatchExactly '^T' }
        { 'Text' | Should -Not -MatchExactly '^t' }
        { 1, 2 | Should -Contain 2 }
        { 'a', 'b' | Should -Contain 'A' }
        { 1, 2 | Should -Not -Contain 3 }
        { 2 | Should -Contain 2 }
        { @() | Should -Not -Contain 2 }
        { 2 | Should -BeIn 1, 2 }
        { 1, 2 | Should -BeIn 1, 2, 3 }
        { 4 | Should -Not -BeIn 1, 2, 3 }
        { 1, 2 | Should -HaveCount 2 }
        { 'a' | Should -HaveCount 1 }
        { @() | Should -HaveCount 0 }
        { $null | Should -HaveCount 1 }
        { 1, 2 | Should -Not -HaveCount 3 }
        { 1 | Should -HaveCount '1' }
        { 1 | Should -BeOfType [int] }
        { 1 | Should -BeOfType int }
        { 1 | Should -BeOfType ([int]) }
        { 1 | Should -BeOfType System.ValueType }
        { 1 | Should -HaveType int }
        { 1 | Should -Not -BeOfType string }
        { $null | Should -Not -BeOfType string }
        { { throw 'it' } | Should -Throw }
        { { throw 'it' } | Should -Throw 'it' }
        { { throw 'it is so' } | Should -Throw 'it*' }
        { { throw 'it is so' } | Should -Throw -ExpectedMessage '*IS*' -Because 'it does' }
        { { [int]::Parse('x') } | Should -Throw -ExceptionType ([System.Management.Automation.MethodInvocationException]) }
        { { throw [System.ArgumentException]::new('it') } | Should -Throw -ExceptionType System.ArgumentException }
        { { throw [System.ArgumentNullException]::new('it') } | Should -Throw -ExceptionType ([System.ArgumentException]) }
        { { Get-Command Get-NothingOfThatName -ErrorAction Stop } | Should -Throw }
        { { Get-NothingOfThatName } | Should -Throw -ErrorId 'CommandNotFoundException' }
        { { Get-NothingOfThatName } | Should -Throw -ErrorId 'Command*' }
        { ({ throw 'it' } | Should -Throw -PassThru).Exception.Message | Should -Be 'it' }
        { { throw 'it' } | Should -Throw '' }
        { { 1 } | Should -Not -Throw }
        { { break } | Should -Not -Throw }
        { { Get-Command Get-NothingOfThatName -ErrorAction Continue } | Should -Not -Throw }
        { { 1 | Should -Be 2 } | Should -Throw '*2*1*' -ErrorId PesterAssertionFailed }
        { Should -ActualValue { throw 'it' } -Throw }
    )

    $fails = @(
        { 'Text' | Should -Be 'other' }
        { 'Text' | Should -BeExactly 'text' }
        { 1, 2 | Should -Be 2, 1 }
        { 1, 2 | Should -Be 1 }
        { 1 | Should -Be 1, 1 }
        { , @(1, 2) | Should -Be 1, 2 }
        { '' | Should -Be $null }
        { 1 | Should -Not -Be 1 }
        { 1 | Should -Be }
        { 'x' | Should -BeNullOrEmpty }
        { $null, $null | Should -BeNullOrEmpty }
        { $null | Should -Not -BeNullOrEmpty }
        { $false | Should -BeTrue }
        { $true, $false | Should -BeTrue }
        { @() | Should -BeTrue }
        { 1 | Should -BeFalse }
        { 1 | Should -BeGreaterThan 1 }
        { 1, 3 | Should -BeGreaterThan 2 }
        { 1 | Should -BeGreaterOrEqual 2 }
        { 2 | Should -BeLessThan 2 }
        { 3 | Should -BeLessOrEqual 2 }
        { 'Text' | Should -BeLike 'e*' }
        { 'Text' | Should -BeLikeExactly 't*' }
        { 'Text' | Should -Match 'y' }
        { 'Text' | Should -MatchExactly 't.x' }
        { 1, 2 | Should -Contain 3 }
        { 1, 2 | Should -Not -Contain 2 }
        { 4 | Should -BeIn 1, 2 }
        { 1, 4 | Should -BeIn 1, 2 }
        { 1, 2 | Should -HaveCount 3 }
        { $null | Should -HaveCount 0 }
        { 1 | Should -HaveCount -1 }
        { 1 | Should -BeOfType string }
        { $null | Should -BeOfType string }
        { 1 | Should -BeOfType No.Such.Type }
        { { 1 } | Should -Throw }
        { { throw 'it' } | Should -Not -Throw }
        { { throw 'it' } | Should -Throw 'other' }
        { { throw 'it is so' } | Should -Throw 'it' }
        { { throw 'it' } | Should -Throw -ExceptionType ([System.ArgumentException]) }
        { { throw 'it' } | Should -Throw -ErrorId 'other' }
        { { Get-Command Get-NothingOfThatName -ErrorAction Continue } | Should -Throw }
        { 'no script block' | Should -Throw }
        { 1 | Should 1 }
        { 1 | Should -Be 1 -BeTrue }
        { 1 | Should -BeSomething 1 }
        { 1 | Should -Be 1 -Unknown 1 }
        { 1 | Should -Be 1 'reason' 'more' }
        { 1 | Should -BeL 1 }
        { $null | Should -Have 1 }
        { 'x' | Should -FileContent 'x' }
    )
}

Describe 'Holds' {
    It '<_>' -ForEach $holds {
        & $_
    }
}

Describe 'Does not hold' {
    It '<_>' -ForEach $fails -Tag Fails {
        & $_
    }
}
