# How to start this PowerShell once more: the program, then the arguments that come before its own.
# Run as a .NET tool, PowerShell's process is dotnet, so that [Environment]::ProcessPath is not PowerShell.
function Get-ShellCommand {
    $program = [System.Environment]::ProcessPath
    $program
    if ([System.IO.Path]::GetFileNameWithoutExtension($program) -ne 'pwsh') {
        Join-Path $PSHOME 'pwsh.dll'
    }
}
