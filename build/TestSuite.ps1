# The tests of build.ps1, which dot-sources this file and gives it its parameters and folders.
function Test-Engine {
    <# Runs the xunit tests of a project; gives how many passed, failed and were skipped. #>
    param([string] $Project)

    $results = Join-Path $testResults "$(Split-Path -Leaf $Project).trx"
    $arguments = @(
        'test', $Project, '-c', $Configuration, '--no-build'
        '--logger', "trx;LogFileName=$results", '--results-directory', $testResults
    )
    Push-Location (Split-Path $PSScriptRoot)
    try {
        & dotnet @arguments @($Filter ? @('--filter', $Filter) : @()) | Out-Host
        $ended = $LASTEXITCODE
    }
    finally {
        Pop-Location
    }

    $count = (Test-Path -LiteralPath $results) ? ([xml] (Get-Content -Raw -LiteralPath $results)).TestRun.ResultSummary.Counters : $null
    $failed = $count ? [int] $count.executed - [int] $count.passed : 0
    [pscustomobject]@{
        Passed = $count ? [int] $count.passed : 0
        # A run that breaks off without a failed test counts as one.
        Failed = $failed -eq 0 -and $ended -ne 0 ? 1 : $failed
        Skipped = $count ? [int] $count.total - [int] $count.executed : 0
    }
}

function Test-Page {
    <# Runs the tests of the page's script; gives how many passed, failed and were skipped. #>
    $results = Join-Path $testResults 'page.tap'
    Push-Location $pageFolder
    try {
        $reporters = @(
            '--test-reporter=spec', '--test-reporter-destination=stdout'
            '--test-reporter=tap', "--test-reporter-destination=$results"
        )
        & node --test @reporters | Out-Host
        $ended = $LASTEXITCODE
    }
    finally {
        Pop-Location
    }

    # The last lines of the report are such as "# pass 12".
    $count = @{ pass = 0; fail = 0; cancelled = 0; skipped = 0 }
    if (Test-Path -LiteralPath $results) {
        foreach ($line in (Get-Content -LiteralPath $results) -match '^# (pass|fail|cancelled|skipped) \d+$') {
            $count[($line -split ' ')[1]] = [int] ($line -split ' ')[2]
        }
    }

    $failed = $count.fail + $count.cancelled
    [pscustomobject]@{
        Passed = $count.pass
        # A run that breaks off without a failed test counts as one.
        Failed = $failed -eq 0 -and $ended -ne 0 ? 1 : $failed
        Skipped = $count.skipped
    }
}

function Find-Pester {
    <# The Pester to use: an installed one of the version, else the one that the build brought into NuGet's cache. #>
    $settings = (& dotnet msbuild $testProject -getProperty:NuGetPackageRoot -getProperty:PesterVersion | ConvertFrom-Json).Properties
    $version = $PesterVersion ?? [version] $settings.PesterVersion
    $manifest = Get-Module -ListAvailable -Name Pester | Where-Object Version -EQ $version | Select-Object -First 1 -ExpandProperty Path
    $manifest ??= Join-Path $settings.NuGetPackageRoot 'pester' $version 'tools' 'Pester.psd1'
    if (-not (Test-Path -LiteralPath $manifest)) {
        throw "Pester $version is neither installed nor among the packages of build/PowerShell.props."
    }

    $manifest
}

function Test-Module {
    <# Runs tests/Pester; gives how many passed, failed and were skipped. #>
    $results = Join-Path $testResults 'pester.json'
    $script = Join-Path $PSScriptRoot 'Invoke-ModuleTest.ps1'
    $program, $rest = @(Get-ShellCommand) + '-NoProfile' + '-NonInteractive' + '-File' + $script
    & $program @rest -Pester (Find-Pester) -Destination $results -Path $TestPath | Out-Host
    if (Test-Path -LiteralPath $results) {
        Get-Content -Raw -LiteralPath $results | ConvertFrom-Json
    }
    else {
        [pscustomobject]@{ Passed = 0; Failed = 1; Skipped = 0 }
    }
}

function Test-Everything {
    if (-not $NoBuild) {
        Build-Everything
    }

    if (Test-Path -LiteralPath $testResults) {
        Remove-Item -LiteralPath $testResults -Recurse
    }

    $null = New-Item -ItemType Directory -Path $testResults
    $counts = @(
        if ('Engine' -in $Suite) { Test-Engine $testProject }
        if ('Engine' -in $Suite -and -not $Filter) { Test-Engine $listProject }
        if ('Page' -in $Suite -and -not $Filter) { Test-Page }
        if ('Module' -in $Suite) { Test-Module }
    )
    $sum = @{}
    foreach ($name in 'Passed', 'Failed', 'Skipped') {
        $sum[$name] = ($counts | Measure-Object -Property $name -Sum).Sum
    }

    "$($sum.Passed) passed, $($sum.Failed) failed$($sum.Skipped -gt 0 ? ", $($sum.Skipped) skipped" : '')"
    exit ($sum.Failed -gt 0 -or $sum.Passed -eq 0 ? 1 : 0)
}
