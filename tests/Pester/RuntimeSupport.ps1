# What the tests of the runtime share; dot-sourced after Support.ps1.

$builtModule = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'out', 'ResizeLora'))
$platform = '{0}-{1}' -f ($IsWindows ? 'win' : $IsMacOS ? 'osx' : 'linux'), "$([System.Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture)".ToLowerInvariant()

# The libtorch that the build staged beside the module's own libraries.
$torchFolder = [System.IO.Path]::Combine($builtModule, 'native', $platform)
$torchLibraries = [regex] '^(lib)?(torch|c10|gomp|omp|iomp5md|uv)'

# A copy of the built module as the gallery has it; gives the manifest's path.
function Copy-ModuleWithoutTorch([string] $Folder) {
    $copy = [System.IO.Path]::Combine($Folder, 'ResizeLora')
    foreach ($file in [System.IO.Directory]::GetFiles($builtModule, '*', [System.IO.SearchOption]::AllDirectories)) {
        $path = [System.IO.Path]::GetRelativePath($builtModule, $file)
        $foreign = $path.StartsWith('native') -and -not $path.Contains($platform)
        if (-not $foreign -and -not $torchLibraries.IsMatch([System.IO.Path]::GetFileName($file))) {
            $target = [System.IO.Path]::Combine($copy, $path)
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($target))
            [System.IO.File]::Copy($file, $target)
        }
    }
    [System.IO.Path]::Combine($copy, 'ResizeLora.psd1')
}

# Runs a script with the module in a process of its own whose user has nothing but a folder; gives what the script put into $result.
function Invoke-ModuleScript([string] $Manifest, [string] $UserFolder, [string] $Script) {
    $file = [System.IO.Path]::Combine($UserFolder, 'result.json')
    $told = Invoke-PowerShellProcess '-Command', @"
`$ErrorActionPreference = 'Stop'
Set-Location '$UserFolder'
`$env:XDG_DATA_HOME = `$env:LOCALAPPDATA = '$UserFolder'
if (`$IsMacOS) { `$env:HOME = '$UserFolder' }
`$env:RESIZELORA_RUNTIME = ''
`$result = [ordered]@{}
Import-Module '$Manifest'
$Script
[System.IO.File]::WriteAllText('$file', (ConvertTo-Json `$result -Depth 5))
"@
    if (-not [System.IO.File]::Exists($file)) { throw $told.Text }
    $result = [System.IO.File]::ReadAllText($file) | ConvertFrom-Json
    [System.IO.File]::Delete($file)
    $result
}
