# Several runspaces of one process: what PowerShell's own ways to work in parallel make of the module.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    $module = [System.IO.Path]::GetFullPath((Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1'))
    Import-Module $module
    $base = Get-SamplePath 'base'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    $folder = New-TestFolder
    $files = 1..4 | ForEach-Object { Copy-Sample 'lora' (Join-Path $folder "$_.safetensors") }
    # An output remembers the name of its source, so that each file has its own.
    $expected = @{}
    foreach ($result in Resize-Lora $files -Checkpoint $base -OutputDirectory (New-TestFolder)) {
        $expected[$result.Source] = Get-Sha256 $result.Path
    }
    [System.IO.Directory]::Delete($env:RESIZELORA_CACHE, $true)
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'Several runspaces at once' {
    It 'give what one gives, from ForEach-Object -Parallel' {
        $output = New-TestFolder
        $results = $files | ForEach-Object -ThrottleLimit 4 -Parallel {
            Import-Module $using:module
            Resize-Lora $_ -Checkpoint $using:base -OutputDirectory $using:output
        }
        $results | Should -HaveCount 4
        foreach ($result in $results) { Get-Sha256 $result.Path | Should -Be $expected[$result.Source] }
    }

    It 'give what one gives, from thread jobs' {
        $output = New-TestFolder
        $jobs = foreach ($file in $files) {
            Start-ThreadJob { Import-Module $using:module; Resize-Lora $using:file -Checkpoint $using:base -OutputDirectory $using:output }
        }
        $results = $jobs | Receive-Job -Wait -AutoRemoveJob
        $results | Should -HaveCount 4
        foreach ($result in $results) { Get-Sha256 $result.Path | Should -Be $expected[$result.Source] }
    }

    It 'leave nothing when a job is stopped' {
        $output = New-TestFolder
        $many = 1..40 | ForEach-Object { Copy-Sample 'lora' (Join-Path $output "$_.safetensors") }
        $job = Start-ThreadJob { Import-Module $using:module; Resize-Lora $using:many -Checkpoint $using:base }
        $started = [System.Diagnostics.Stopwatch]::StartNew()
        while ((Get-FileName $output).Count -lt 42 -and $started.Elapsed.TotalSeconds -lt 60) { [System.Threading.Thread]::Sleep(5) }
        Stop-Job $job
        $job.State | Should -Be 'Stopped'
        Remove-Job $job -Force
        (Get-FileName $output).Count | Should -BeLessThan 80
        @(Get-FileName $output) -like '*.tmp' | Should -BeNullOrEmpty
        if (Test-Path '/proc/self/fd') { @(Get-OpenFile) -like "$output*" | Should -BeNullOrEmpty }
    }

    It 'give what one gives, from runspaces of a program' {
        $output = New-TestFolder
        $running = foreach ($file in $files) {
            $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
            $null = $shell.AddScript('param($module, $file, $base, $output) Import-Module $module; Resize-Lora $file -Checkpoint $base -OutputDirectory $output')
            $null = $shell.AddArgument($module).AddArgument($file).AddArgument($base).AddArgument($output)
            [pscustomobject]@{ Shell = $shell; Handle = $shell.BeginInvoke() }
        }
        foreach ($one in $running) {
            $result = $one.Shell.EndInvoke($one.Handle)[0]
            Get-Sha256 $result.Path | Should -Be $expected[$result.Source]
            $one.Shell.HadErrors | Should -BeFalse
            $one.Shell.Dispose()
        }
    }
}
