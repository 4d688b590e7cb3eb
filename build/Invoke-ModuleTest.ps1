<#
.SYNOPSIS
Runs tests/Pester in this process, and writes how many tests passed, failed and were skipped.

.PARAMETER Pester
The manifest of the Pester to use.

.PARAMETER Path
The folder or files to run, from the root of the repository; several are separated by commas.

.PARAMETER Destination
The JSON file for the counts.
#>
param(
    [Parameter(Mandatory)]
    [string] $Pester,

    [Parameter(Mandatory)]
    [string] $Destination,

    [Parameter(Mandatory)]
    [string] $Path
)

# No strict mode here: tests run as scripts of users do.
Import-Module $Pester
$settings = New-PesterConfiguration
$settings.Run.Path = $Path -split ',' | ForEach-Object { Join-Path $PSScriptRoot '..' $_ }
$settings.Run.PassThru = $true
$run = Invoke-Pester -Configuration $settings
$failed = $run.FailedCount + $run.FailedContainersCount
[ordered]@{
    Passed = $run.PassedCount
    # A block that breaks off without a failed test counts as one.
    Failed = $failed -eq 0 -and $run.Result -ne 'Passed' ? 1 : $failed
    Skipped = $run.SkippedCount
} | ConvertTo-Json | Set-Content -LiteralPath $Destination
