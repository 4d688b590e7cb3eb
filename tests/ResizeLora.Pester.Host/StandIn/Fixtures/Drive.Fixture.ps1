# TestDrive: and $TestDrive.
Describe 'TestDrive' {
    BeforeAll {
        [System.IO.File]::WriteAllText("$TestDrive/kept.txt", "first`nSecond line`n")
    }

    It 'is a folder' {
        $TestDrive | Should -Exist
        "$TestDrive/kept.txt" | Should -Exist
        'TestDrive:/kept.txt' | Should -Exist
        'TestDrive:/missing.txt' | Should -Not -Exist
    }

    It 'has content' {
        'TestDrive:/kept.txt' | Should -FileContentMatch 'second'
        'TestDrive:/kept.txt' | Should -FileContentMatch '^Second'
        'TestDrive:/kept.txt' | Should -Not -FileContentMatch 'third'
    }

    It 'fails for other content' -Tag Fails {
        'TestDrive:/kept.txt' | Should -FileContentMatch 'third'
    }

    Context 'nested' {
        It 'makes a file' {
            $null = [System.IO.Directory]::CreateDirectory("$TestDrive/folder")
            [System.IO.File]::WriteAllText("$TestDrive/folder/gone.txt", 'gone')
            'TestDrive:/folder/gone.txt' | Should -Exist
        }

        It 'keeps the file for the next test' {
            'TestDrive:/folder/gone.txt' | Should -Exist
        }
    }

    It 'removes what a block made' {
        'TestDrive:/folder' | Should -Not -Exist
        'TestDrive:/kept.txt' | Should -Exist
    }
}

Describe 'Another block' {
    It 'finds the drive empty' {
        'TestDrive:/kept.txt' | Should -Not -Exist
    }

    It 'fails for a file that is not there' -Tag Fails {
        'TestDrive:/kept.txt' | Should -Exist
    }
}
