#!/usr/bin/env pwsh
#Requires -Version 7.4

<#
.SYNOPSIS
Builds, tries, tests, documents, packages or installs ResizeLora.

.DESCRIPTION
Build leaves an importable module in out/ResizeLora.
Demo builds, and resizes the sample into out/demo.
Test builds, and runs every test: xunit by `dotnet test`, the page's script by Node.js, then tests/Pester in this PowerShell.
The last line is
`N passed, N failed`, with `, N skipped` after it where tests were skipped.
Help brings docs/help up to date with the cmdlets, runs the examples for their outputs, and writes the help that the
module carries: about topics as text, and MAML, which takes the module Microsoft.PowerShell.PlatyPS.
Package leaves in out/package the package for the PowerShell Gallery, which carries no libtorch, and for machines without internet
a zip for each platform with libtorch inside; a checksum beside each.
Publish packs the module and publishes it to a repository.
Install copies the module, built for this machine, into the user's module path.
RuntimeHash writes the list of packages that Install-ResizeLoraRuntime fetches, with their hashes, from NuGet; once for each version
of TorchSharp.

.PARAMETER Task
What to do. Build by default.

.PARAMETER Configuration
The build configuration.

.PARAMETER Torch
The libtorch packages: cpu, or cuda for Windows and Linux on x64.

.PARAMETER RuntimeIdentifier
The platforms that Package makes zips for: linux-x64, win-x64 and osx-arm64; all by default.

.PARAMETER Repository
The repository that Publish publishes to, as Get-PSResourceRepository names it.

.PARAMETER ApiKey
The key of that repository.

.PARAMETER Suite
The tests that Test runs: Engine (xunit), Page (the script of the page, by Node.js) and Module (Pester); all by default.

.PARAMETER Filter
Only the xunit tests that match, as `dotnet test --filter` takes it.

.PARAMETER PesterVersion
The version of Pester: an installed one, or one of the two that the build brings from NuGet (Directory.Build.props).

.PARAMETER TestPath
The folder or files that Pester runs; several are separated by commas.

.PARAMETER NoBuild
Tests what was built before.

.EXAMPLE
./build.ps1
Builds the module; `Import-Module ./out/ResizeLora` then gives its cmdlets.

.EXAMPLE
./build.ps1 -Task Test -Suite Module -PesterVersion 5.9.1
Runs tests/Pester with Pester 5.9.1.

.EXAMPLE
./build.ps1 -Task Package -Torch cuda -RuntimeIdentifier win-x64
Writes the gallery's package and out/package/ResizeLora-<version>-win-x64-cuda.zip.

.EXAMPLE
./build.ps1 -Task Publish -Repository PSGallery -ApiKey (Read-Host -AsSecureString)
Publishes the module.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Demo', 'Test', 'Help', 'Package', 'Publish', 'Install', 'RuntimeHash')]
    [string] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [ValidateSet('cpu', 'cuda')]
    [string] $Torch = 'cpu',

    [ValidateSet('linux-x64', 'win-x64', 'osx-arm64')]
    [string[]] $RuntimeIdentifier,

    [string] $Repository,

    [securestring] $ApiKey,

    [ValidateSet('Engine', 'Page', 'Module')]
    [string[]] $Suite = @('Engine', 'Page', 'Module'),

    [string] $Filter,

    [version] $PesterVersion,

    [string] $TestPath = 'tests/Pester',

    [switch] $NoBuild
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$moduleProject = Join-Path $PSScriptRoot 'src' 'ResizeLora.PowerShell'
$moduleOutput = Join-Path $PSScriptRoot 'out' 'ResizeLora'
$packageOutput = Join-Path $PSScriptRoot 'out' 'package'
$testProject = Join-Path $PSScriptRoot 'tests' 'ResizeLora.Engine.Tests'
$listProject = Join-Path $PSScriptRoot 'tests' 'ResizeLora.KeyList.Tests'
$pageFolder = Join-Path $PSScriptRoot 'src' 'ResizeLora.Pictures' 'Page'
$testResults = Join-Path $PSScriptRoot 'out' 'test-results'
. (Join-Path $PSScriptRoot 'build' 'ShellCommand.ps1')
. (Join-Path $PSScriptRoot 'build' 'TestSuite.ps1')
. (Join-Path $PSScriptRoot 'build' 'Packages.ps1')

function Invoke-Program {
    <# Runs a program in the repository and fails when it fails. #>
    param([string] $Name, [string[]] $Arguments)

    Push-Location $PSScriptRoot
    try {
        & $Name @Arguments
        if ($LASTEXITCODE -ne 0) {
            throw "$Name $($Arguments -join ' ') ended with exit code $LASTEXITCODE."
        }
    }
    finally {
        Pop-Location
    }
}

function Build-Everything {
    Invoke-Program dotnet build, '-c', $Configuration, "-p:Torch=$Torch"
}

function Invoke-Shell {
    <# Runs a script in a PowerShell of its own, so that this session does not keep the module's files in use. #>
    param([string[]] $Arguments)

    $program, $rest = @(Get-ShellCommand) + '-NoProfile' + $Arguments
    Invoke-Program $program $rest
}

function Invoke-Demo {
    <# The main job, on the sample. #>
    Build-Everything
    Invoke-Shell '-Command', @'
$ErrorActionPreference = 'Stop'
Import-Module ./out/ResizeLora
Get-ChildItem samples/sdxl-tiny/lora.safetensors |
    Resize-Lora -Checkpoint samples/sdxl-tiny/base.safetensors -Recipe 'spn_ckpt=1,thr=-1.2' -OutputDirectory out/demo -Force
'@
}

function Write-HelpSource {
    <# Brings docs/help up to date with the built module, and writes the about topics as text. #>
    $sources = Join-Path $PSScriptRoot 'docs' 'help'
    $culture = New-Item -ItemType Directory -Force -Path (Join-Path $moduleProject 'en-US')

    Invoke-Shell '-Command', @'
$ErrorActionPreference = 'Stop'
Import-Module ./build/HelpPages.psm1, ./out/ResizeLora
Get-Command -Module ResizeLora | ForEach-Object { Update-HelpPage -Command $_ -Folder docs/help -Sample samples/sdxl-tiny }
'@

    Import-Module (Join-Path $PSScriptRoot 'build' 'AboutTopic.psm1')
    foreach ($topic in Get-ChildItem -Path (Join-Path $sources 'about_*.md')) {
        $text = ConvertTo-AboutTopic -Markdown (Get-Content -Raw -LiteralPath $topic)
        Set-Content -NoNewline -LiteralPath (Join-Path $culture "$($topic.BaseName).help.txt") -Value $text
    }
}

function Build-Help {
    Build-Everything
    Write-HelpSource
    if (-not (Get-Module -ListAvailable -Name Microsoft.PowerShell.PlatyPS)) {
        throw 'The pages are up to date, but the MAML needs the module Microsoft.PowerShell.PlatyPS: ' +
            'Install-PSResource Microsoft.PowerShell.PlatyPS.'
    }

    $pages = Join-Path $PSScriptRoot 'docs' 'help' '*-*.md'
    foreach ($page in Get-ChildItem -Path $pages) {
        if (-not (Test-MarkdownCommandHelp -Path $page)) {
            throw "$page does not follow PlatyPS's schema; Test-MarkdownCommandHelp -DetailView says where."
        }
    }

    # The export makes a folder for the module; the help file itself goes where the build takes it from.
    $help = Import-MarkdownCommandHelp -Path $pages |
        Export-MamlCommandHelp -OutputFolder (Join-Path $PSScriptRoot 'out' 'help') -Force |
        Copy-Item -Destination (Join-Path $moduleProject 'en-US') -PassThru
    Import-Module (Join-Path $PSScriptRoot 'build' 'HelpPages.psm1'), (Join-Path $PSScriptRoot 'build' 'HelpMaml.psm1')
    Complete-Maml -Path $help -Page (Get-ChildItem -Path $pages | ForEach-Object { Read-HelpPage $_ })
    Build-Everything
}

switch ($Task) {
    'Build' { Build-Everything }
    'Demo' { Invoke-Demo }
    'Test' { Test-Everything }
    'Help' { Build-Help }
    'Package' { Build-Package }
    'Publish' { Publish-BuiltModule }
    'Install' { Install-BuiltModule }
    'RuntimeHash' {
        Import-Module (Join-Path $PSScriptRoot 'build' 'RuntimePackages.psm1')
        Update-RuntimePackageList
    }
}
