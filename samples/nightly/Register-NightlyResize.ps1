<#
.SYNOPSIS
Registers Invoke-NightlyResize.ps1 as a scheduled task of Windows.

.DESCRIPTION
The task runs every night as the current user, whether logged on or not, once at a time, and after the machine was asleep at
the hour. It uses this PowerShell, and the module and the libraries that this account has installed. Its last result in the
Task Scheduler is the exit code of the script: 0, 1 or 2.

.PARAMETER Path
The folder of the LoRA files.

.PARAMETER OutputDirectory
The folder of the outputs.

.PARAMETER Checkpoint
The base models.

.PARAMETER LogDirectory
The folder of the logs.

.PARAMETER Recipe
The recipes, several with colons between them.

.PARAMETER At
The time of day.

.PARAMETER Module
The module, by name or path. By name it is the newest that is installed when the task runs.

.PARAMETER TaskName
The name of the task; a task of that name is replaced.

.PARAMETER TimeLimit
After how long a run is ended.

.EXAMPLE
./Register-NightlyResize.ps1 -Path D:\loras -OutputDirectory D:\small -Checkpoint D:\models\sdxl.safetensors -LogDirectory D:\logs -At 02:30

.EXAMPLE
./Register-NightlyResize.ps1 -Path D:\loras -OutputDirectory D:\small -Checkpoint D:\models\sdxl.safetensors -LogDirectory D:\logs -WhatIf
Says what would be registered.
#>
#Requires -Version 7.4
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)]
    [string] $Path,

    [Parameter(Mandatory)]
    [string] $OutputDirectory,

    [Parameter(Mandatory)]
    [string[]] $Checkpoint,

    [Parameter(Mandatory)]
    [string] $LogDirectory,

    [string] $Recipe = 'spn_ckpt=1,thr=-1.2',

    [datetime] $At = '02:30',

    [string] $Module = 'ResizeLora',

    [string] $TaskName = 'ResizeLora nightly',

    [timespan] $TimeLimit = '06:00'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script = Join-Path $PSScriptRoot 'Invoke-NightlyResize.ps1'
$arguments = @('-NoProfile', '-NonInteractive', '-File', $script)
foreach ($name in 'Path', 'OutputDirectory', 'Checkpoint', 'LogDirectory', 'Recipe', 'Module') {
    $arguments += "-$name", ((Get-Variable -Name $name -ValueOnly) -join ',')
}

# A backslash before a closing quote would quote the quote.
$line = @($arguments | ForEach-Object { $_ -match '\s' ? "`"$($_.TrimEnd('\'))`"" : $_ }) -join ' '
# The task's own search for pwsh.exe may find another version, or, of a portable PowerShell, none.
$shell = Join-Path $PSHOME 'pwsh.exe'
if (-not (Test-Path -LiteralPath $shell)) { $shell = 'pwsh.exe' }
if (-not (Get-Module -ListAvailable -Name $Module)) {
    Write-Warning "This account has no module '$Module': until it is installed (Install-PSResource ResizeLora), the task ends with 2."
}

if (-not $PSCmdlet.ShouldProcess($TaskName, "Register a task for $($At.ToString('HH:mm', [cultureinfo]::InvariantCulture)) every night: $shell $line")) {
    return
}

$settings = @{
    StartWhenAvailable = $true
    MultipleInstances = 'IgnoreNew'
    ExecutionTimeLimit = $TimeLimit
    AllowStartIfOnBatteries = $true
    DontStopIfGoingOnBatteries = $true
}
$task = @{
    TaskName = $TaskName
    Description = 'Resizes LoRA files that were not resized yet.'
    Action = New-ScheduledTaskAction -Execute $shell -Argument $line
    Trigger = New-ScheduledTaskTrigger -Daily -At $At
    Principal = New-ScheduledTaskPrincipal -UserId "$env:USERDOMAIN\$env:USERNAME" -LogonType S4U
    Settings = New-ScheduledTaskSettingsSet @settings
    Force = $true
}
Register-ScheduledTask @task
