<#
.SYNOPSIS
Resizes the LoRA files of a folder that were not resized yet, with a log and an exit code.

.DESCRIPTION
Made to be run by a scheduler. Prepares the norms of the base model, resizes what has no output yet, and writes everything
that happens into a log file of the day: one JSON object a line, which log collectors and ConvertFrom-Json read. A file that
fails does not stop the others, and is tried again the next night.

Exit codes: 0, all went well, or there was nothing to do; 1, some files failed; 2, nothing could run: the module, the folder
or the base model cannot be used, or another run is still going on.

.PARAMETER Path
The folder of the LoRA files, and of PEFT folders.

.PARAMETER OutputDirectory
The folder of the outputs; it is made when it does not exist.

.PARAMETER Checkpoint
The base models, as a list or with commas between them: of several families, each LoRA takes the one that it belongs to.

.PARAMETER Recipe
The recipes; each makes an output of its own.

.PARAMETER LogDirectory
The folder of the logs; one file a day and box.

.PARAMETER Device
Where to compute: auto, cpu, cuda or cuda:N.

.PARAMETER Box
The names of all boxes that share the folder; without it, this one takes every file.

.PARAMETER BoxName
This box's name in that list.

.PARAMETER Module
The module, by name or path. By name it is the newest that this account has installed.

.EXAMPLE
pwsh -NoProfile -File Invoke-NightlyResize.ps1 -Path D:\loras -OutputDirectory D:\small -Checkpoint D:\models\sdxl.safetensors -LogDirectory D:\logs

.EXAMPLE
Get-Content D:\logs\resize-*.jsonl | ConvertFrom-Json | Where-Object level -eq error | Format-Table time, box, source, message
What went wrong, of all nights and boxes.
#>
#Requires -Version 7.4
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Path,

    [Parameter(Mandatory)]
    [string] $OutputDirectory,

    [Parameter(Mandatory)]
    [string[]] $Checkpoint,

    [Parameter(Mandatory)]
    [string] $LogDirectory,

    [string[]] $Recipe = 'spn_ckpt=1,thr=-1.2',

    [string] $Device = 'auto',

    [string[]] $Box,

    [string] $BoxName = ($env:COMPUTERNAME ? $env:COMPUTERNAME : [System.Environment]::MachineName),

    [string] $Module = 'ResizeLora'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# pwsh -File hands a list over as one text with commas in it; a recipe has commas of its own, so colons stand between those.
$boxes = @($Box -split ',' | ForEach-Object { $_.Trim() } | Where-Object { $_ })
# A comma may be part of a path that exists.
$bases = @($Checkpoint | ForEach-Object { (Test-Path -LiteralPath $_) ? $_ : $_.Split(',').Trim() } | Where-Object { $_ })

$null = [System.IO.Directory]::CreateDirectory($LogDirectory)
$logFile = Join-Path $LogDirectory "resize-$BoxName-$([datetime]::Now.ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture)).jsonl"

# One line of the log: what happened, in words and in fields that a program can ask for.
function Write-NightlyLog([string] $Name, [string] $Message, [System.Collections.IDictionary] $Field = @{}, [string] $Level = 'information') {
    $line = [ordered]@{
        time = [datetimeoffset]::Now.ToString('yyyy-MM-ddTHH:mm:ss.fffzzz', [cultureinfo]::InvariantCulture)
        box = $BoxName
        level = $Level
        event = $Name
        message = $Message
    }
    foreach ($key in $Field.Keys) { $line[$key] = $Field[$key] }
    Add-Content -LiteralPath $logFile -Value (ConvertTo-Json -InputObject $line -Compress)
}

# The same of whatever a command writes, into the stream that it came from or as a result.
function Write-NightlyRecord([object] $Item) {
    switch ($Item) {
        { $_ -is [System.Management.Automation.ErrorRecord] } {
            Write-NightlyLog 'error' "$_" @{ id = $_.FullyQualifiedErrorId.Split(',')[0]; source = "$($_.TargetObject)" } -Level 'error'
            break
        }
        { $_ -is [System.Management.Automation.WarningRecord] } { Write-NightlyLog 'warning' "$_" -Level 'warning'; break }
        { $_ -is [System.Management.Automation.VerboseRecord] } { Write-NightlyLog 'verbose' "$_" -Level 'verbose'; break }
        default {
            $field = [ordered]@{
                source = $Item.Source
                path = $Item.Path
                recipe = "$($Item.Recipe)"
                oldRank = $Item.OldRank
                newRank = $Item.NewRank
                oldLength = $Item.OldLength
                newLength = $Item.NewLength
                relativeErrorToLora = $Item.RelativeErrorToLora
                seconds = [Math]::Round($Item.Elapsed.TotalSeconds, 3)
            }
            Write-NightlyLog 'written' "$Item" $field
        }
    }
}

$lock = $null
try {
    # Held open for as long as the run lasts: the system lets go of it even when the run is killed.
    $lock = [System.IO.File]::Open((Join-Path $LogDirectory "resize-$BoxName.lock"), 'OpenOrCreate', 'ReadWrite', 'None')
    Import-Module $Module
    $version = "$((Get-Module -Name ResizeLora).Version)"
    Write-NightlyLog 'start' "Resizing the LoRA files of '$Path'." @{ folder = $Path; checkpoint = $bases; recipe = $Recipe; version = $version }
    $folders = Get-ChildItem -LiteralPath $Path -Directory -ErrorAction Ignore |
        Where-Object { Test-Path -LiteralPath (Join-Path $_.FullName 'adapter_config.json') }
    $files = @(@(Get-ChildItem -Path (Join-Path $Path '*.safetensors')) + @($folders) | Where-Object { $_ } | Sort-Object Name)
    if (-not (Test-Path -LiteralPath $Path)) {
        throw "The folder '$Path' does not exist."
    }

    if ($boxes.Count -gt 0) {
        $share = @($files | & (Join-Path $PSScriptRoot 'Select-FileShare.ps1') -Box $boxes -Name $BoxName)
        Write-NightlyLog 'share' "$($share.Count) of $($files.Count) files are this box's." @{ share = $share.Count; files = $files.Count }
        $files = $share
    }

    $norms = @(Get-CheckpointNorm -LiteralPath $bases)
    $computed = @($norms | Where-Object FromCache -EQ $false).Count
    Write-NightlyLog 'norms' "$($norms.Count) norms of the base model, $computed of them computed now." @{ norms = $norms.Count; computed = $computed }
}
catch {
    Write-NightlyRecord $_
    Write-NightlyLog 'end' 'Nothing could run.' @{ exitCode = 2 } -Level 'error'
    if ($lock) { $lock.Dispose() }
    exit 2
}

$written = 0
$failed = 0
try {
    $resize = @{
        Checkpoint = $bases
        Recipe = $Recipe
        OutputDirectory = $OutputDirectory
        Device = $Device
        SkipExisting = $true
        ErrorAction = 'Continue'
        Verbose = $true
    }
    $files | Where-Object { $_ } | Resize-Lora @resize *>&1 | ForEach-Object {
        Write-NightlyRecord $_
        if ($_ -is [System.Management.Automation.ErrorRecord]) { $failed++ }
        if ($_.psobject.TypeNames -contains 'ResizeLora.Resizing.ResizeResult') { $written++ }
    }
}
catch {
    # A recipe that makes no sense, a device that is not there: no file can be done.
    Write-NightlyRecord $_
    Write-NightlyLog 'end' 'Nothing could run.' @{ exitCode = 2 } -Level 'error'
    exit 2
}
finally {
    $lock.Dispose()
}

$exitCode = $failed -gt 0 ? 1 : 0
$ended = [ordered]@{ written = $written; failed = $failed; files = $files.Count; exitCode = $exitCode }
Write-NightlyLog 'end' "$written written, $failed failed, $($files.Count) looked at." $ended
exit $exitCode
