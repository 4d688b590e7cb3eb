<#
.SYNOPSIS
Resizes a shared folder on several boxes at once, through PowerShell remoting.

.DESCRIPTION
Runs Invoke-NightlyResize.ps1 on every box; each takes its share of the files, as Select-FileShare.ps1 deals them. This folder
of scripts, the LoRA files, the base model, outputs and logs must be reachable from every box under the same paths, and the
module must be installed on each.

Writes one object a box: its name and exit code. Exit codes: 0, all went well; 1, some files failed, or a box could not be
reached, whose share waits for the next run; 2, nothing could run anywhere.

.PARAMETER ComputerName
The boxes, by the names that they have themselves (with or without a domain), not by addresses.

.PARAMETER Path
The folder of the LoRA files.

.PARAMETER OutputDirectory
The folder of the outputs.

.PARAMETER Checkpoint
The base models.

.PARAMETER LogDirectory
The folder of the logs.

.PARAMETER Recipe
The recipes.

.PARAMETER ScriptDirectory
The folder of these scripts as the boxes see it.

.PARAMETER ThrottleLimit
How many boxes work at once.

.PARAMETER Credential
Who to be on the boxes.

.PARAMETER Module
The module on the boxes, by name or path.

.EXAMPLE
./Invoke-SharedResize.ps1 -ComputerName gpu1, gpu2, gpu3 -ScriptDirectory \\nas\scripts -Path \\nas\loras -OutputDirectory \\nas\small -Checkpoint \\nas\models\sdxl.safetensors -LogDirectory \\nas\logs
#>
[CmdletBinding()]
[OutputType([pscustomobject])]
param(
    [Parameter(Mandatory)]
    [string[]] $ComputerName,

    [Parameter(Mandatory)]
    [string] $Path,

    [Parameter(Mandatory)]
    [string] $OutputDirectory,

    [Parameter(Mandatory)]
    [string[]] $Checkpoint,

    [Parameter(Mandatory)]
    [string] $LogDirectory,

    [string[]] $Recipe = 'spn_ckpt=1,thr=-1.2',

    [string] $ScriptDirectory = $PSScriptRoot,

    [ValidateRange(1, 1000)]
    [int] $ThrottleLimit = 8,

    [pscredential] $Credential,

    [string] $Module = 'ResizeLora'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$nightly = @{
    Path = $Path
    OutputDirectory = $OutputDirectory
    Checkpoint = $Checkpoint
    LogDirectory = $LogDirectory
    Recipe = $Recipe
    Box = $ComputerName
    Module = $Module
}
$remote = @{
    ComputerName = $ComputerName
    ThrottleLimit = $ThrottleLimit
    # The endpoint of PowerShell 7; without it, the boxes would answer with Windows PowerShell.
    ConfigurationName = 'PowerShell.7'
    ErrorAction = 'Continue'
}
if ($Credential) {
    $remote.Credential = $Credential
}

# Everything travels as an argument, so that the block is the same on every box.
$results = @(Invoke-Command @remote -ArgumentList $ScriptDirectory, $nightly -ScriptBlock {
        param([string] $Folder, [hashtable] $Parameters)
        & (Join-Path $Folder 'Invoke-NightlyResize.ps1') @Parameters
        [pscustomobject]@{ Box = $env:COMPUTERNAME; ExitCode = $LASTEXITCODE }
    })
$results | Select-Object Box, ExitCode

$idle = @($results | Where-Object ExitCode -EQ 2).Count + $ComputerName.Count - $results.Count
$troubled = @($results | Where-Object ExitCode -NE 0).Count -gt 0 -or $idle -gt 0
exit ($idle -ge $ComputerName.Count ? 2 : $troubled ? 1 : 0)
