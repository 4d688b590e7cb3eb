# The examples of docs/help: run in a folder of copies of the samples, and what they write as text. Shared by build.ps1 and the tests.
Set-StrictMode -Version Latest

# Records as the console shows them; all else goes through the views.
function Format-Output([object[]] $Output, [string] $Folder) {
    $pending = [System.Collections.Generic.List[object]]::new()
    $lines = @(
        foreach ($one in @($Output) + @($null)) {
            $line = switch ($one) {
                { $_ -is [System.Management.Automation.WarningRecord] } { "WARNING: $_" }
                { $_ -is [System.Management.Automation.VerboseRecord] } { "VERBOSE: $_" }
                { $_ -is [System.Management.Automation.ErrorRecord] } { "$($_.InvocationInfo.MyCommand): $_" }
                { $_ -is [string] } { $_ }
            }
            if ($null -ne $one -and $null -eq $line) {
                $pending.Add($one)
                continue
            }
            if ($pending.Count -gt 0) {
                ($pending | Out-String -Width 80).Replace("`r`n", "`n").Split("`n").TrimEnd()
                $pending.Clear()
            }
            $line
        }
    )
    $text = ($lines -join "`n") -replace '\x1b\[[0-9;]*m'
    # Where a view puts the path of a file above its table, a long folder breaks the line.
    while ($text -match '(?m)^   \w+: .{60,}\n\S') { $text = $text -replace '(?m)^(   \w+: .{60,})\n(?=\S)', '$1' }
    # The folder of the examples stands for a user's own.
    $text.Replace($Folder, '/home/me').Replace('\', '/').Trim("`n")
}

<#
.SYNOPSIS
Makes the folder that the examples of the help run in: copies of the samples, under the names that the examples use.
#>
function New-ExampleFolder {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute(
        'PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes a scratch folder only.')]
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [string] $Sample)

    $lora = [System.IO.Path]::Combine($Sample, 'lora.safetensors')
    $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($Path, 'loras'))
    [System.IO.File]::Copy([System.IO.Path]::Combine($Sample, 'base.safetensors'), [System.IO.Path]::Combine($Path, 'sdxl.safetensors'))
    foreach ($name in 'style.safetensors', 'loras/ink.safetensors', 'loras/neon.safetensors') {
        [System.IO.File]::Copy($lora, [System.IO.Path]::Combine($Path, $name))
    }
    foreach ($name in 'loha.safetensors', 'lokr.safetensors', 'extracted.safetensors') {
        [System.IO.File]::Copy([System.IO.Path]::Combine($Sample, $name), [System.IO.Path]::Combine($Path, $name))
    }
    $Path
}

<#
.SYNOPSIS
Runs the code of an example in a folder and gives what it writes, as text of 80 columns.
#>
function Invoke-HelpExample {
    param([Parameter(Mandatory)] [string] $Code, [Parameter(Mandatory)] [string] $Folder)

    # As at a prompt: an error is shown and the session goes on, and nothing is strict.
    Set-StrictMode -Off
    $ErrorActionPreference = 'Continue'
    $cache = $env:RESIZELORA_CACHE
    $rendering = $PSStyle.OutputRendering
    $locale = $env:LC_ALL
    $culture = [cultureinfo]::CurrentCulture
    $encoding = [Console]::OutputEncoding
    $browser = $env:BROWSER
    # Outside the module's views PowerShell writes numbers as the user's culture does; the pages hold the invariant ones.
    [cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
    # Spectra are drawn in ASCII where the console is not UTF-8.
    $env:LC_ALL = 'C.UTF-8'
    # xdg-open starts this program, which does nothing, in place of a browser.
    $env:BROWSER = 'true'
    if ($IsWindows) { [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false) }
    $env:RESIZELORA_CACHE = [System.IO.Path]::Combine($Folder, 'cache')
    $PSStyle.OutputRendering = 'PlainText'
    Push-Location $Folder
    try {
        Format-Output @(& { try { . ([scriptblock]::Create($Code)) } catch { $_ } } *>&1) $Folder
    }
    finally {
        Pop-Location
        if ($IsWindows) { [Console]::OutputEncoding = $encoding }
        $env:LC_ALL = $locale
        $env:BROWSER = $browser
        [cultureinfo]::CurrentCulture = $culture
        $PSStyle.OutputRendering = $rendering
        $env:RESIZELORA_CACHE = $cache
    }
}

Export-ModuleMember -Function @(
    'Invoke-HelpExample'
    'New-ExampleFolder'
)
