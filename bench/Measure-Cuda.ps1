#!/usr/bin/env pwsh
#Requires -Version 7.4

<#
.SYNOPSIS
Tests and measures ResizeLora on a graphics card, beside the processor.

.DESCRIPTION
For a machine with an NVIDIA card, its driver, the .NET SDK of global.json, and this repository. Builds, runs the tests of devices, then
runs the workloads W1 to W6 of bench/ResizeLora.Bench on the processor and on the card. Writes one table of both into the CUDA section
of docs/performance.md, with a sentence on what `-Device auto` should be by it.

At full size this takes 10 GB for the bench's files and about an hour: the bench measures the reference program beside each device.
Nothing else should run meanwhile.

.PARAMETER Device
The device that is measured beside the processor: cuda, cuda:N, or cpu, to try this script where there is no card.

.PARAMETER Runtime
The folder of libtorch to use for both. Without it, Install-ResizeLoraRuntime brings the one for CUDA, some gigabytes, once. The lib
folder of an installed Python package torch for CUDA works too, where its version is that of TorchSharp's libtorch.

.PARAMETER Folder
Where the bench's files are or will be made; best in memory. Without it, a folder of the temporary files.

.PARAMETER Runs
How often each workload is run; the median counts.

.PARAMETER Small
Shapes a quarter as wide, which take a minute or two.

.PARAMETER Markdown
The page that the table is written to: between its marks where it has them. Without it docs/performance.md, or no page with -Small or
-Device cpu, which are trials.

.EXAMPLE
./bench/Measure-Cuda.ps1
Measures the first card at full size, and writes docs/performance.md.

.EXAMPLE
./bench/Measure-Cuda.ps1 -Device cpu -Small
Tries all of this on the processor.
#>
[CmdletBinding()]
[OutputType([string])]
param(
    [ValidatePattern('^(cpu|cuda(:\d+)?)$')]
    [string] $Device = 'cuda',

    [ValidateScript({ Test-Path -LiteralPath $_ -PathType Container }, ErrorMessage = "There is no folder '{0}'.")]
    [string] $Runtime,

    [ValidateNotNullOrEmpty()]
    [string] $Folder,

    [ValidateRange(1, 99)]
    [int] $Runs = 3,

    [switch] $Small,

    [ValidateNotNullOrEmpty()]
    [string] $Markdown
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$root = Split-Path $PSScriptRoot
$bench = Join-Path $PSScriptRoot 'ResizeLora.Bench'
$tests = Join-Path $root 'tests' 'ResizeLora.Engine.Tests'
$isTrial = $Small -or $Device -eq 'cpu'
Import-Module (Join-Path $PSScriptRoot 'DeviceFigures.psm1') -Force

function Invoke-Dotnet {
    <# Runs dotnet in the repository, whose global.json chooses the SDK; its output goes to the console. #>
    param([string[]] $Argument)

    Push-Location -LiteralPath $root
    try {
        & dotnet @Argument | Out-Host
    }
    finally {
        Pop-Location
    }

    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $($Argument[0]) ended with $LASTEXITCODE."
    }
}

function Test-Device {
    <# Runs the tests of devices; throws where one fails, or the card could not be used. #>
    $results = Join-Path $work 'devices.trx'
    $logger = "trx;LogFileName=$results"
    Invoke-Dotnet 'test', $tests, '-c', 'Release', '--no-build', '--filter', 'FullyQualifiedName~DeviceTests', '--logger', $logger
    $counters = ([xml] (Get-Content -Raw -LiteralPath $results)).TestRun.ResultSummary.Counters
    $skipped = [int] $counters.total - [int] $counters.executed
    if ($Device -ne 'cpu' -and $skipped -gt 0) {
        throw "$skipped tests were skipped: CUDA cannot be used with the libtorch in '$env:RESIZELORA_RUNTIME'."
    }

    "$($counters.passed) tests of devices passed$($skipped -gt 0 ? ", $skipped skipped" : '')."
}

function Measure-Device {
    <# Runs the bench on a device; gives the path of its report. #>
    param([string] $Name, [string] $Report)

    $arguments = @(
        'run', '-c', 'Release', '--no-build', '--project', $bench, '--'
        '--device', $Name, '--only', 'W1,W2,W3,W4,W5,W6', '--no-memory', '--markdown', $Report
        $Small ? @('--small') : @('--runs', $Runs)
        $Folder -and -not $Small ? @('--folder', [System.IO.Path]::GetFullPath($Folder, $PWD.ProviderPath)) : @()
    )
    Invoke-Dotnet ($arguments | ForEach-Object { $_ })
    $Report
}

function Get-CardName {
    <# The card's name, or the device's where nobody tells more. #>
    $name = $null
    $index = $Device -match ':(\d+)$' ? $Matches[1] : '0'
    if ($Device -ne 'cpu' -and (Get-Command nvidia-smi -ErrorAction Ignore)) {
        $name = & nvidia-smi "--id=$index" --query-gpu=name '--format=csv,noheader'
    }

    $name ? "$Device is an $name." : "$Device beside the processor."
}

if (-not (Get-Command dotnet -ErrorAction Ignore)) {
    throw 'This takes the .NET SDK of global.json, and dotnet is not in the path.'
}

$work = [System.IO.Directory]::CreateTempSubdirectory('resizelora-cuda-').FullName
$oldRuntime = $env:RESIZELORA_RUNTIME
try {
    Invoke-Dotnet 'build', '-c', 'Release'
    if ($Runtime) {
        $env:RESIZELORA_RUNTIME = Convert-Path -LiteralPath $Runtime
    }
    elseif ($Device -ne 'cpu' -and -not $oldRuntime) {
        Import-Module (Join-Path $root 'out' 'ResizeLora')
        $env:RESIZELORA_RUNTIME = (Install-ResizeLoraRuntime -Torch Cuda).Path
    }

    $tested = Test-Device
    $processorReport = Measure-Device cpu (Join-Path $work 'processor.md')
    $deviceReport = Measure-Device $Device (Join-Path $work 'device.md')
    $figures = Join-DeviceFigure -Processor (Read-EngineFigure $processorReport) -Device (Read-EngineFigure $deviceReport)
    $text = @(
        "$((Get-Content -LiteralPath $deviceReport)[0]) $(Get-CardName) $tested"
        ''
        Format-DeviceTable -Figure $figures -Name $Device
        ''
        # Norms of the base model are always computed on the processor: W4 says nothing of a card.
        Get-AutoAdvice -Figure ($figures | Where-Object Id -NE 'W4') -Name $Device
    ) -join "`n"
    $page = $isTrial ? $null : (Join-Path $root 'docs' 'performance.md')
    if ($Markdown) {
        $page = [System.IO.Path]::GetFullPath($Markdown, $PWD.ProviderPath)
    }

    if ($page) {
        Write-PagePart -Path $page -Part 'figures of CUDA' -Text $text
    }

    $text
}
finally {
    $env:RESIZELORA_RUNTIME = $oldRuntime
    Remove-Item -LiteralPath $work -Recurse
}
