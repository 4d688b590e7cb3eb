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

# The file name of a library on this system.
function Get-LibraryName([string] $Name) { $IsWindows ? "$Name.dll" : $IsMacOS ? "lib$Name.dylib" : "lib$Name.so" }

# Writes a NuGet package of files, by their paths in it; gives its entry in the list of the module.
function Write-ImitationPackage([string] $Folder, [string] $Id, [System.Collections.IDictionary] $File) {
    $path = [System.IO.Path]::Combine($Folder, "$Id.2.10.0.nupkg")
    $manifest = "<package><metadata><id>$Id</id><version>2.10.0</version><authors>nobody</authors><description>x</description></metadata></package>"
    $archive = [System.IO.Compression.ZipFile]::Open($path, 'Create')
    try {
        foreach ($pair in @{ "$Id.nuspec" = [System.Text.Encoding]::UTF8.GetBytes($manifest) }, $File | ForEach-Object GetEnumerator) {
            $stream = $archive.CreateEntry($pair.Key).Open()
            $stream.Write([byte[]] $pair.Value, 0, $pair.Value.Length)
            $stream.Dispose()
        }
    }
    finally {
        $archive.Dispose()
    }
    $bytes = [System.IO.File]::ReadAllBytes($path)
    @{
        id = $Id
        version = '2.10.0'
        length = $bytes.Length
        installedLength = [long] ($File.GetEnumerator() | Where-Object Key -Match '/native/' | ForEach-Object { $_.Value.Length } | Measure-Object -Sum).Sum
        sha512 = [Convert]::ToBase64String([System.Security.Cryptography.SHA512]::HashData($bytes))
    }
}

# Random bytes, which do not compress.
function Get-RandomByte([int] $Length) {
    $bytes = [byte[]]::new($Length)
    [System.Random]::new(7).NextBytes($bytes)
    , $bytes
}

# A module whose libtorch is small and of random bytes: whole for the processor, in pieces for CUDA, as TorchSharp makes its packages.
function New-ImitationModule {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes test data only.')]
    param([string] $Folder)
    $packages = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($Folder, 'packages')).FullName
    $manifest = Copy-ModuleWithoutTorch $Folder
    $native = "runtimes/$platform/native"
    $cpu, $cuda = (Get-LibraryName torch_cpu), (Get-LibraryName torch_cuda)
    $whole = Get-RandomByte 300000
    $sha256 = [Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($whole))
    $sha = [System.Text.Encoding]::ASCII.GetBytes($sha256.ToLowerInvariant())
    $licence = [System.Text.Encoding]::ASCII.GetBytes('licence')
    $list = @(
        @{
            torch = 'Cpu'
            platform = $platform
            packages = @(Write-ImitationPackage $packages 'torch-cpu' @{ "$native/$cpu" = $whole; 'LICENSE-LIBTORCH.txt' = $licence })
        }
        @{
            torch = 'Cuda'
            platform = $platform
            packages = @(
                Write-ImitationPackage $packages 'torch-cuda-part1' @{ "$native/$cpu" = $whole; 'LICENSE-LIBTORCH.txt' = $licence }
                Write-ImitationPackage $packages 'torch-cuda-part2-primary' @{ "$native/$cuda" = $whole[0..99999]; "$native/$cuda.sha" = $sha }
                Write-ImitationPackage $packages 'torch-cuda-part2-fragment1' @{ "fragments/$platform/native/$cuda.fragment1" = $whole[100000..199999] }
                Write-ImitationPackage $packages 'torch-cuda-part2-fragment2' @{ "fragments/$platform/native/$cuda.fragment2" = $whole[200000..299999] }
            )
        }
    )
    $listPath = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($manifest), 'ResizeLora.Runtime.json')
    [System.IO.File]::WriteAllText($listPath, (ConvertTo-Json $list -Depth 5))
    [pscustomobject]@{ Manifest = $manifest; Packages = $packages; Sha256 = $sha256; List = $listPath; Cpu = $cpu; Cuda = $cuda }
}

# A feed on this machine that serves a folder; of the same source as the one of the engine's tests.
function Start-ServedFeed {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes test data only.')]
    param([string] $Folder)
    if (-not ('ResizeLora.Tests.Runtime.ServedFeed' -as [type])) {
        $source = [System.IO.Path]::Combine($PSScriptRoot, '..', 'ResizeLora.Engine.Tests', 'Runtime', 'ServedFeed.cs')
        Add-Type -TypeDefinition ("using System; using System.IO; using System.Threading.Tasks;`n#nullable enable`n" + [System.IO.File]::ReadAllText($source))
    }
    [ResizeLora.Tests.Runtime.ServedFeed]::new($Folder)
}
