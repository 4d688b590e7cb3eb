#!/usr/bin/env pwsh
#Requires -Version 7.4

<#
.SYNOPSIS
Builds, tries, tests, documents, packages or installs ResizeLora.

.DESCRIPTION
Build leaves an importable module in out/ResizeLora.
Demo builds, and resizes the sample into out/demo.
Test builds, and runs every test: xunit by `dotnet test`, the page's script by Node.js, then tests/Pester in this PowerShell. The last line is
`N passed, N failed`, with `, N skipped` after it where tests were skipped.
Help brings docs/help up to date with the cmdlets, runs the examples for their outputs, and writes the help that the
module carries: about topics as text, and MAML, which takes the module Microsoft.PowerShell.PlatyPS.
Package leaves a self-contained module folder, and a zip file of it, in out/package.
Install copies the module, built for this machine, into the user's module path.
RuntimeHash writes the list of packages that Install-ResizeLoraRuntime fetches, with their hashes, from NuGet; once for each version of TorchSharp.

.PARAMETER Task
What to do. Build by default.

.PARAMETER Configuration
The build configuration.

.PARAMETER Torch
The libtorch packages: cpu, or cuda for Windows and Linux on x64.

.PARAMETER RuntimeIdentifier
The platform that Package packages for: linux-x64, win-x64 or osx-arm64. This machine's by default.

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
Writes out/package/ResizeLora-<version>-win-x64-cuda.zip.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Demo', 'Test', 'Help', 'Package', 'Install', 'RuntimeHash')]
    [string] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [ValidateSet('cpu', 'cuda')]
    [string] $Torch = 'cpu',

    [ValidateSet('linux-x64', 'win-x64', 'osx-arm64')]
    [string] $RuntimeIdentifier,

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

function Get-MachineRuntimeIdentifier {
    <# The platform as the .NET SDK names it. #>
    Invoke-Program dotnet msbuild, $moduleProject, '-getProperty:NETCoreSdkPortableRuntimeIdentifier'
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
        throw 'The pages are up to date, but the MAML needs the module Microsoft.PowerShell.PlatyPS: Install-PSResource Microsoft.PowerShell.PlatyPS.'
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

function Copy-BuiltModule {
    <# Builds the module for one platform and copies it, with that platform's native libraries only. #>
    param([string] $Platform, [string] $Destination)

    $arguments = 'build', $moduleProject, '-c', $Configuration, "-p:Torch=$Torch", "-p:TorchRuntimeIdentifier=$Platform"
    Invoke-Program dotnet $arguments | Out-Host
    if (Test-Path -LiteralPath $Destination) {
        Remove-Item -LiteralPath $Destination -Recurse -Force
    }

    $native = New-Item -ItemType Directory -Path (Join-Path $Destination 'native')
    Get-ChildItem -LiteralPath $moduleOutput -Exclude native | Copy-Item -Destination $Destination -Recurse
    Copy-Item -LiteralPath (Join-Path $moduleOutput 'native' $Platform) -Destination $native -Recurse
}

function Get-ModuleVersion {
    (Import-PowerShellDataFile -LiteralPath (Join-Path $moduleProject 'ResizeLora.psd1')).ModuleVersion
}

function Build-Package {
    $platform = $RuntimeIdentifier ? $RuntimeIdentifier : (Get-MachineRuntimeIdentifier)
    $version = Get-ModuleVersion
    $folder = Join-Path $packageOutput "ResizeLora-$version-$platform-$Torch"
    Copy-BuiltModule -Platform $platform -Destination (Join-Path $folder 'ResizeLora' $version)

    # Compress-Archive stops at 2 GiB, which the CUDA libraries exceed.
    $archive = "$folder.zip"
    if (Test-Path -LiteralPath $archive) {
        Remove-Item -LiteralPath $archive
    }

    [System.IO.Compression.ZipFile]::CreateFromDirectory($folder, $archive)
    Get-Item -LiteralPath $archive
}

function Install-BuiltModule {
    $modules = $env:PSModulePath -split [System.IO.Path]::PathSeparator |
        Where-Object { $_.StartsWith($HOME, [System.StringComparison]::OrdinalIgnoreCase) } |
        Select-Object -First 1
    if (-not $modules) {
        throw "PSModulePath names no folder under $HOME to install into."
    }

    $destination = Join-Path $modules 'ResizeLora' (Get-ModuleVersion)
    Copy-BuiltModule -Platform (Get-MachineRuntimeIdentifier) -Destination $destination
    Get-Item -LiteralPath $destination
}

switch ($Task) {
    'Build' { Build-Everything }
    'Demo' { Invoke-Demo }
    'Test' { Test-Everything }
    'Help' { Build-Help }
    'Package' { Build-Package }
    'Install' { Install-BuiltModule }
    'RuntimeHash' {
        Import-Module (Join-Path $PSScriptRoot 'build' 'RuntimePackages.psm1')
        Update-RuntimePackageList
    }
}
